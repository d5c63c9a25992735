/**
 * What a session of ours has from its first moment on, above anything that a tenant set for its database
 * or somebody for the role: a `role` would make us somebody else, a limit of time would end our very
 * first statement, and a `search_path` ahead of pg_catalog would put the tenant's own operators into our
 * queries and so run its code with our rights (trap 2). Only settings that every release knows and every role may
 * set.
 */
const steady: Readonly<Record<string, string>> = {
  role: "none",
  statement_timeout: "0",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  default_transaction_read_only: "off",
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  // The grammar reads our constants, and the server spells those of its own, by this.
  standard_conforming_strings: "on",
  // What pg_dump passes on beyond warnings would be taken for one.
  client_min_messages: "warning",
  // A line that was cut without a word would keep our locks on the source for the two hours that systems wait.
  tcp_keepalives_idle: "60",
  tcp_keepalives_interval: "15",
  tcp_keepalives_count: "4",
};

/** The `options` of a startup packet, and PGOPTIONS of programs: the settings above, with `more` above them. */
export function startupOptions(more: Readonly<Record<string, string>> = {}): string {
  return spelt({ ...steady, search_path: "", ...more });
}

/** As `startupOptions`, but names are looked up where the database's own search_path says: for tenants' code, as the tenant. */
export function startupOptionsOfTenant(more: Readonly<Record<string, string>> = {}): string {
  return spelt({ ...steady, ...more });
}

/** Settings by the first release that knows them; an older one refuses a session that asks for them. */
const later: readonly { readonly since: number; readonly name: string; readonly value: string }[] = [
  { since: 140_000, name: "idle_session_timeout", value: "0" },
];

/** What else a server of this release is told at the start. */
export function laterSettings(versionNum: number): Record<string, string> {
  return Object.fromEntries(
    later.filter(({ since }) => versionNum >= since).map(({ name, value }) => [name, value]),
  );
}

function spelt(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, String.raw`\$&`)}`)
    .join(" ");
}
