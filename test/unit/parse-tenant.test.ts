/** Who names a database in place of its tenant learns what the tenant is called. */
import { describe, expect, it } from "vitest";
import { parseTenant } from "../../src/cli/frame/parse-tenant.ts";

describe("a name of a tenant", () => {
  it("is taken as it is", () => {
    expect(parseTenant("icinga-ido")).toBe("icinga-ido");
  });

  it("is told where a database's was given", () => {
    for (const [given, meant] of [
      ["icinga_ido", "icinga-ido"],
      ["Acme", "acme"],
    ] as const) {
      expect(() => parseTenant(given)).toThrow(
        expect.objectContaining({
          code: "usage/invalid",
          message: `${given} is no name of a tenant`,
          hint: `a database ${given} that a discovery rule finds is the tenant ${meant}; \`holdfast tenants\` lists them`,
        }),
      );
    }
  });

  it("is not guessed where no rule could make one", () => {
    expect(() => parseTenant("Ac/me")).toThrow(
      expect.objectContaining({ hint: "`holdfast tenants` lists them" }),
    );
  });
});
