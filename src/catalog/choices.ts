import type { Waiting } from "../base/waiting.ts";
import { type TenantId, tenantId } from "../model/ids.ts";
import { type TenantChoice, tenantChoice } from "../model/schedule.ts";
import type { Choices } from "./catalog.ts";
import { asked } from "./failures.ts";
import type { Db } from "./tables.ts";

export function choicesIn(db: Db): Choices {
  return {
    all: (wait, onUnreadable = () => undefined) =>
      asked("read the tenants' choices", wait, () => all(db, onUnreadable)),
    of: (tenant, wait) => asked(`read the choice of ${tenant}`, wait, () => of(db, tenant)),
    set: (tenant, choice, wait) => set(db, tenant, choice, wait),
  };
}

async function all(
  db: Db,
  onUnreadable: (tenant: string) => void,
): Promise<ReadonlyMap<TenantId, TenantChoice>> {
  const rows = await db.selectFrom("choice").selectAll().execute();
  const read = new Map<TenantId, TenantChoice>();
  for (const row of rows) {
    const [tenant, choice] = [tenantId.safeParse(row.tenant), tenantChoice.safeParse(row.choice)];
    if (tenant.success && choice.success) read.set(tenant.data, choice.data);
    else onUnreadable(row.tenant);
  }
  return read;
}

async function of(db: Db, tenant: TenantId): Promise<TenantChoice | null> {
  const row = await db.selectFrom("choice").select("choice").where("tenant", "=", tenant).executeTakeFirst();
  return row === undefined ? null : tenantChoice.parse(row.choice);
}

async function set(db: Db, tenant: TenantId, choice: TenantChoice | null, wait: Waiting): Promise<void> {
  await asked(`write the choice of ${tenant}`, wait, async () => {
    if (choice === null) {
      await db.deleteFrom("choice").where("tenant", "=", tenant).execute();
      return;
    }
    const text = JSON.stringify(choice);
    await db
      .insertInto("choice")
      .values({ tenant, choice: text })
      .onConflict((on) => on.column("tenant").doUpdateSet({ choice: text }))
      .execute();
  });
}
