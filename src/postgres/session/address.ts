import { Failure } from "../../base/failure.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { silenceLimitsOf } from "./silence.ts";
import { startupOptions } from "./startup.ts";

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/** Harmless here: Holdfast sets its own name and limits. */
const ignored = ["application_name", "connect_timeout"];

/** What a URL says; `database` is null where it names none. */
interface WrittenAddress extends Omit<ServerAddress, "database"> {
  readonly database: string | null;
}

/** As `writtenAddressOf`; where no database is named, the one called like the user is meant, as everywhere in PostgreSQL. */
export function addressOf(url: string): ServerAddress {
  const written = writtenAddressOf(url);
  return { ...written, database: written.database ?? written.user };
}

/**
 * The address in a `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…` URL. A socket's
 * folder goes in the host, percent-encoded, or in `?host=`, a port beside that in `?port=`. A parameter that we would have to
 * disregard is refused with "config/invalid", since it may be the one that keeps a connection safe.
 * Messages never quote the URL, which holds a password.
 */
export function writtenAddressOf(url: string): WrittenAddress {
  const parsed = parse(url);
  const settings = new Map(parsed.searchParams);
  for (const name of settings.keys()) {
    if (!["sslmode", "sslrootcert", "host", "port", ...ignored].includes(name)) {
      throw bad(`the parameter ${name} in the URL of a server is not supported`);
    }
  }
  const sslmode = settings.get("sslmode");
  if (sslmode !== undefined && !sslModes.includes(sslmode)) {
    throw bad(`sslmode in the URL of a server must be one of ${sslModes.join(", ")}`);
  }
  const sslRootCert = settings.get("sslrootcert");
  return {
    host: settings.get("host") ?? (decode(parsed.hostname.replace(/^\[(.*)\]$/, "$1")) || "localhost"),
    port: portOf(settings.get("port") ?? parsed.port),
    user: decode(parsed.username) || "postgres",
    password: parsed.password === "" ? null : decode(parsed.password),
    database: decode(parsed.pathname.replace(/^\//, "")) || null,
    ...(sslmode === undefined ? {} : { sslmode }),
    ...(sslRootCert === undefined ? {} : { sslRootCert }),
  };
}

function portOf(written: string): number {
  if (written === "") return 5432;
  const port = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  if (port > 0 && port < 65_536) return port;
  throw bad("the port in the URL of a server must be a number from 1 to 65535");
}

/** So long a connection may take to stand, login included. */
export function connectTimeoutMsOf(address: ServerAddress): number {
  return silenceLimitsOf(address).answerMs;
}

/**
 * How the programs of PostgreSQL are told the same address: by environment, never in their arguments.
 * Their sessions start with the same settings as ours.
 */
export function programEnvironment(
  address: ServerAddress,
  startup: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGDATABASE: address.database,
    PGAPPNAME: "holdfast",
    PGOPTIONS: startupOptions(startup),
    PGCONNECT_TIMEOUT: String(Math.ceil(connectTimeoutMsOf(address) / 1000)),
    // Our own sessions do not speak it either.
    PGGSSENCMODE: "disable",
    ...(address.password === null ? passwordSources() : { PGPASSWORD: address.password }),
    ...(address.sslmode === undefined ? {} : { PGSSLMODE: address.sslmode }),
    ...(address.sslRootCert === undefined ? {} : { PGSSLROOTCERT: address.sslRootCert }),
  };
}

/** Where `pg` looks as well when the URL has no password. */
function passwordSources(): Record<string, string> {
  const names = ["PGPASSWORD", "PGPASSFILE", "HOME"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function parse(given: string): URL {
  // With the host in a parameter PostgreSQL's own URLs may name a user and no host, which URL refuses.
  const url = given.replace(/^(\w+:\/\/[^/?#]*@)(?=[/?]|$)/, "$1localhost");
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:\/\//.test(parsed.href)) {
    const message = "the URL of a server must look like postgres://user@host:5432/database";
    if (given.includes("://")) throw bad(message);
    // What was given is not repeated: it may be a secret from the wrong file.
    throw new Failure("config/invalid", message, {
      hint: "the name of a database does not say on which server it is",
    });
  }
  return parsed;
}

function bad(message: string, cause?: unknown): Failure {
  return new Failure("config/invalid", message, {
    cause,
    hint: "in user and password, @ : / ? # % are written %40 %3A %2F %3F %23 %25",
  });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw bad("the URL of a server has a percent sign that starts no escape", cause);
  }
}
