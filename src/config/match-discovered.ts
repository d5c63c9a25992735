import { type SourceName, type TenantId, tenantId } from "../model/ids.ts";
import type { DiscoverRule, Tenant } from "./config.ts";

export interface FoundDatabase {
  readonly source: SourceName;
  readonly database: string;
}

export interface Discovery {
  readonly tenants: readonly Tenant[];
  /** Databases that a rule matches and that cannot become tenants; to be told, never dropped in silence. */
  readonly refused: readonly (FoundDatabase & { readonly reason: string })[];
}

/**
 * Tenants that the rules make of the databases of the sources. The first rule that matches wins; a
 * database that a configured tenant names is left to it. The id is the database's name in lower
 * case with `-` for `_`. Databases that make one id are refused, all of them: whoever may create
 * databases could otherwise put one in the place of another tenant's.
 */
export function matchDiscovered(
  databases: readonly FoundDatabase[],
  rules: readonly DiscoverRule[],
  configured: ReadonlyMap<TenantId, Tenant>,
): Discovery {
  const claims = new Map<TenantId, { readonly found: FoundDatabase; readonly rule: DiscoverRule }[]>();
  const refused: (FoundDatabase & { reason: string })[] = [];
  const matchers = rules.map((rule) => ({ rule, pattern: globPattern(rule.databases) }));
  for (const found of databases) {
    if (isConfigured(found, configured)) continue;
    const match = matchers.find(
      ({ rule, pattern }) => rule.source.name === found.source && pattern.test(found.database),
    );
    if (match === undefined) continue;
    const id = tenantId.safeParse(discoveredName(found.database));
    if (!id.success) {
      refused.push({ ...found, reason: "its name makes no tenant id; name it under tenants" });
    } else if (configured.has(id.data)) {
      refused.push({ ...found, reason: `tenant ${id.data} exists already; name this one under tenants` });
    } else {
      const before = claims.get(id.data) ?? [];
      claims.set(id.data, [...before, { found, rule: match.rule }]);
    }
  }
  const tenants: Tenant[] = [];
  for (const [id, claimants] of claims) {
    const [only] = claimants;
    if (claimants.length === 1 && only !== undefined)
      tenants.push(tenantBy(only.rule, id, only.found.database));
    else
      for (const { found } of claimants) refused.push({ ...found, reason: sharedId(id, found, claimants) });
  }
  return { tenants, refused };
}

/**
 * The rule that may have made a tenant of which nothing but its id is known: ids that differ in the
 * case or the underscores of a database's name are alike. An only rule it is in any case. Null when no rule
 * fits, or when the rules of two sources fit and name two plans.
 */
export function ruleThatMayMake(id: TenantId, rules: readonly DiscoverRule[]): DiscoverRule | null {
  const fitting = rules.filter(
    ({ databases }) => rules.length === 1 || globPattern(discoveredName(databases)).test(id),
  );
  const firstOfSource = new Map(fitting.toReversed().map((rule) => [rule.source.name, rule]));
  const plans = new Set(firstOfSource.values().map(({ planName }) => planName));
  return plans.size === 1 ? (fitting[0] ?? null) : null;
}

/** What a database is called as a tenant, which need not be a lawful name. */
export function discoveredName(database: string): string {
  return database.toLowerCase().replaceAll("_", "-");
}

function sharedId(
  id: TenantId,
  found: FoundDatabase,
  claimants: readonly { readonly found: FoundDatabase }[],
): string {
  const others = claimants.filter((one) => one.found !== found).map((one) => one.found.database);
  return `${others.join(", ")} would be tenant ${id} as well; name each under tenants`;
}

function isConfigured(found: FoundDatabase, configured: ReadonlyMap<TenantId, Tenant>): boolean {
  return configured
    .values()
    .some((tenant) => tenant.source.name === found.source && tenant.scope.database === found.database);
}

function tenantBy({ source, planName, plan, stores }: DiscoverRule, id: TenantId, database: string): Tenant {
  return {
    id,
    source,
    scope: { kind: "database", database },
    planName,
    plan,
    stores,
    timeZone: plan.schedules.timeZone,
    origin: "discovered",
  };
}

/** The whole name must match; everything but `*` and `?` stands for itself. */
function globPattern(glob: string): RegExp {
  const parts = Array.from(glob, (letter) =>
    letter === "*" ? ".*" : letter === "?" ? "." : letter.replace(/[\\^$.+()[\]{}|/]/, "\\$&"),
  );
  return new RegExp(`^${parts.join("")}$`, "su");
}
