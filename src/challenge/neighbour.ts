import type { SampleTenant } from "./damage.ts";

/** Another tenant in the same stores, whose objects and documents may turn up where they do not belong. */
export const neighbourTenant: SampleTenant = {
  name: "neighbour",
  title: "another tenant of the same stores",
  server: [],
  owner: null,
  create: "template template0 encoding 'UTF8' locale 'C'",
  statements: [
    "create table public.item (id int primary key, name text not null)",
    "insert into public.item select i, 'item ' || md5(i::text) from generate_series(1, 500) i",
  ],
  database: () => [],
};
