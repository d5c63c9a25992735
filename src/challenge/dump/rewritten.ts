interface Rewriting {
  /** One that no foreign key refers to. */
  readonly table: string;
  /** Every column that takes values; identity and generated columns are not among those that are rewritten. */
  readonly columns: readonly string[];
  /** In place of these columns; everything else stays. */
  readonly set?: Readonly<Record<string, string>>;
  /** Of `kept`, with `place` from 1 on; the physical order unless told otherwise. */
  readonly orderBy?: string;
}

/**
 * Alters rows without altering their order or the blocks that they lie in, which would be a damage of its own:
 * all rows are taken out and put back into an empty file.
 */
export function rewritten({ table, columns, set = {}, orderBy = "place" }: Rewriting): readonly string[] {
  const values = columns.map((column) => set[column] ?? column).join(", ");
  return [
    `create temporary table kept as select row_number() over () as place, t.* from only ${table} t`,
    `truncate only ${table}`,
    `insert into ${table} (${columns.join(", ")}) select ${values} from kept order by ${orderBy}`,
    "drop table kept",
  ];
}
