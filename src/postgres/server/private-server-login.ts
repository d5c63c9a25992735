import { Client } from "pg";
import { randomBase32, type Chance } from "../../base/chance.ts";
import type { ServerAddress } from "../../base/server-address.ts";

interface NewLogin {
  readonly name: string;
  readonly password: string;
  readonly chance: Chance;
}

/**
 * Gives the superuser that the template's `initdb` made its own name and password on this server.
 * Nobody may rename itself, hence the helper that exists for two statements. Throws what `pg` throws;
 * may be called again after the server refused the first connection.
 */
export async function takeOver(first: ServerAddress, login: NewLogin): Promise<void> {
  const helper = {
    ...first,
    user: `hf_${randomBase32(login.chance, 12)}`,
    password: login.chance(24).toString("base64url"),
  };
  await inSession(first, async (client) => {
    await client.query(
      `create role ${quoted(helper.user)} superuser login password ${client.escapeLiteral(helper.password)}`,
    );
  });
  await inSession(helper, async (client) => {
    if (login.name !== first.user)
      await client.query(`alter role ${quoted(first.user)} rename to ${quoted(login.name)}`);
    await client.query(`alter role ${quoted(login.name)} password ${client.escapeLiteral(login.password)}`);
  });
  await inSession({ ...first, user: login.name, password: login.password }, async (client) => {
    await client.query(`drop role ${quoted(helper.user)}`);
  });
}

async function inSession(address: ServerAddress, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password: address.password ?? "",
    connectionTimeoutMillis: 20_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
