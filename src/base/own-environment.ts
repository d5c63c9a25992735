/** What our libraries may find in the environment; the rest of what they look for there is the configuration's to say. */
const passwordSources: ReadonlySet<string> = new Set(["PGPASSWORD", "PGPASSFILE"]);

/**
 * Takes out of `env`, the environment of this process, what libraries would heed behind the configuration's back, and
 * returns all that was there, for secrets that are named `env:NAME`. `pg` gives PGOPTIONS, PGSSLMODE, PGREPLICATION and
 * their kind to every connection that does not say otherwise, and one to a scratch server's socket breaks of it. With
 * AWS_ENDPOINT_URL, a profile, or a file in the home folder that names an endpoint, the backups of a store would go to
 * another place than the one whose jurisdiction was configured. Passwords for a source whose URL has none are looked for
 * as everywhere in PostgreSQL.
 */
export function ownEnvironment(env: NodeJS.ProcessEnv): Readonly<NodeJS.ProcessEnv> {
  const given = { ...env };
  for (const name of Object.keys(given)) {
    const isForeign = /^(?:AWS_|PG[A-Z]+$)/.test(name) && !passwordSources.has(name);
    if (isForeign) Reflect.deleteProperty(env, name);
  }
  for (const name of ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) env[name] = "/dev/null";
  return given;
}
