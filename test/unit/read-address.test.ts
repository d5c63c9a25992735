/** The URL of a server is understood whole or refused, and never repeated in a message. */
import { describe, expect, it } from "vitest";
import { addressOf, programEnvironment, writtenAddressOf } from "../../src/postgres/session/address.ts";

describe("addressOf", () => {
  it("reads hosts, sockets, ports, escapes and TLS settings", () => {
    expect(
      addressOf("postgres://u%40x:p%3Aw@db.example:6432/my%20db?sslmode=verify-full&sslrootcert=/ca.pem"),
    ).toEqual({
      host: "db.example",
      port: 6432,
      user: "u@x",
      password: "p:w",
      database: "my db",
      sslmode: "verify-full",
      sslRootCert: "/ca.pem",
    });
    expect(addressOf("postgresql://u@%2Fvar%2Frun/d")).toMatchObject({
      host: "/var/run",
      port: 5432,
      password: null,
    });
    expect(addressOf("postgres://u@/d?host=/var/run")).toMatchObject({ host: "/var/run" });
    expect(addressOf("postgres://u@/d?host=/var/run&port=6543")).toMatchObject({ port: 6543 });
    expect(addressOf("postgres://u@[::1]/")).toMatchObject({ host: "::1", database: "u" });
  });

  it("refuses what it would have to disregard, without showing the password", () => {
    for (const url of [
      "mysql://u:canary@h/d",
      "canary",
      "postgres:canary/d",
      "postgres:/canary",
      "postgres://u:canary@h/d?target_session_attrs=read-write",
      "postgres://u:canary@h/d?sslmode=maybe",
      "postgres://u:canary@h/d?port=65536",
      "postgres://u:canary@h/d?port=canary",
      "postgres://u:canary%@h/d",
    ]) {
      expect(() => addressOf(url)).toThrow(expect.objectContaining({ code: "config/invalid" }));
      expect(() => addressOf(url)).not.toThrow(/canary/);
    }
  });

  it.each([
    ["back", "the name of a database does not say on which server it is"],
    ["postgres://u@p@h:x/d", "in user and password, @ : / ? # % are written %40 %3A %2F %3F %23 %25"],
  ])("that %s is none is told with a way out", (given, hint) => {
    expect(() => addressOf(given)).toThrow(expect.objectContaining({ hint }));
  });

  it.each([
    ["postgres://u@h", null],
    ["postgres://u@h/", null],
    ["postgres://u@h/?host=/var/run", null],
    ["postgres://u@?host=/var/run/x", null],
    ["postgres:///d", "d"],
    ["postgres://u@h//d", "/d"],
  ])("of %s knows whether a database was named", (url, database) => {
    expect(writtenAddressOf(url).database).toBe(database);
  });

  it("tells programs by environment what their arguments must not show", () => {
    const environment = programEnvironment(addressOf("postgres://u:secret@h:1/d?sslmode=require"));
    expect(environment).toMatchObject({
      PGHOST: "h",
      PGPORT: "1",
      PGUSER: "u",
      PGPASSWORD: "secret",
      PGSSLMODE: "require",
    });
  });

  it.each([
    [undefined, "30"],
    [120_000, "30"],
    [10_000, "10"],
    [1000, "5"],
  ])("that is asked after a silence of %s ms has %s seconds to connect", (silenceMs, seconds) => {
    const address = { ...addressOf("postgres://u@h/d"), ...(silenceMs === undefined ? {} : { silenceMs }) };
    expect(programEnvironment(address)["PGCONNECT_TIMEOUT"]).toBe(seconds);
  });
});
