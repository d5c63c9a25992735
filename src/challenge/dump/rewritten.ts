/** How the rows of a table are altered in a clone without altering their order, which would be a damage of its own. */
interface Rewriting {
  readonly table: string;
  /** Every column that takes values; identity and generated columns are not among those that are rewritten. */
  readonly columns: readonly string[];
  /** In place of these columns; everything else stays. */
  readonly set?: Readonly<Record<string, string>>;
  /** Of `kept`, with `place` from 1 on; the physical order unless told otherwise. */
  readonly orderBy?: string;
}

/** Statements that take all rows out and put them back; no trigger and no foreign key acts. */
export function rewritten({ table, columns, set = {}, orderBy = "place" }: Rewriting): readonly string[] {
  const values = columns.map((column) => set[column] ?? column).join(", ");
  return [
    "set session_replication_role = replica",
    `create temporary table kept as select row_number() over () as place, t.* from only ${table} t`,
    `delete from only ${table}`,
    `insert into ${table} (${columns.join(", ")}) select ${values} from kept order by ${orderBy}`,
    "drop table kept",
  ];
}
