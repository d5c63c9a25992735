/** What a load by design gives to nobody on a target that others share; told, and not missed by the comparison. */
export type Withheld = WithheldGrant | WithheldDefaults | WithheldSetting;

/** On what initdb or an extension made, named as `Definition` names it. */
export interface WithheldGrant {
  readonly kind: "grant";
  readonly schema: string;
  readonly name: string;
  /** The types of a function's arguments, or a column. */
  readonly part: string;
  /** `app:EXECUTE`, with a star where it may be given on; as definitions spell it. */
  readonly item: string;
}

/** Default privileges of one role, wherever in the database. */
interface WithheldDefaults {
  readonly kind: "default privileges";
  readonly role: string;
}

interface WithheldSetting {
  readonly kind: "setting";
  /** Null where it is the database's own. */
  readonly role: string | null;
  readonly name: string;
}
