export interface Rewriting {
  readonly table: string;
  /** The foreign key that refers to it, which is away meanwhile, as no such table is emptied. */
  readonly referredBy?: { readonly table: string; readonly name: string; readonly definition: string };
  /** Every column that takes values, which generated ones do not. */
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
export function rewritten({
  table,
  referredBy: key,
  columns,
  set = {},
  orderBy = "place",
}: Rewriting): readonly string[] {
  const values = columns.map((column) => set[column] ?? column).join(", ");
  return [
    ...(key === undefined ? [] : [`alter table ${key.table} drop constraint ${key.name}`]),
    `create temporary table kept as select row_number() over () as place, t.* from only ${table} t`,
    `truncate only ${table}`,
    `insert into ${table} (${columns.join(", ")}) overriding system value select ${values} from kept order by ${orderBy}`,
    "drop table kept",
    ...(key === undefined ? [] : [`alter table ${key.table} add constraint ${key.name} ${key.definition}`]),
  ];
}
