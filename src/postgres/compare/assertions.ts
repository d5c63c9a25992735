import { disposing } from "../../base/disposing.ts";
import { isFailure, reasonOf } from "../../base/failure.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { within } from "../../base/waiting.ts";
import { compareResult, notRun, type CheckResult, type Finding } from "../../model/check.ts";
import type { Assertion } from "../../model/plan.ts";
import { sqlStateOf } from "../session/errors.ts";
import type { Session } from "../session/session.ts";
import { openLogin } from "./login.ts";
import { openAsTenant, type Comparison } from "./restored.ts";

/** Beyond the server's own limit, for a server that does not keep it. */
const graceMs = 5_000;

type Answer =
  | { readonly kind: "value"; readonly value: string | null }
  /** What the data answered was an error: a division by zero, a cast that fails, a RAISE. */
  | { readonly kind: "error"; readonly sqlState: string; readonly message: string }
  /** What stopped us from asking. */
  | { readonly kind: "unasked"; readonly reason: string };

/**
 * The plan's SQL, each one value compared as text. Asked by a temporary login that is never a superuser, since
 * a tenant's view may run whatever it likes (trap 19). On scratch it has the rights of the database's
 * owner and may read everything; on a target those of the tenant's roles as far as these are harmless there. An assertion that is not valid SQL is a fault of the plan and makes the
 * check `not-run`, never a refutation.
 */
export async function checkAssertions(comparison: Comparison): Promise<CheckResult> {
  const { restored, fingerprint, options, wait } = comparison;
  const { assertions } = options;
  if (assertions === null)
    return notRun("assertions", "irrelevant", "what the plan asserts is not known here");
  if (assertions.length === 0) return notRun("assertions", "irrelevant", "the plan asserts nothing");
  const { owner } = fingerprint.database;
  const memberOf =
    restored.side === "scratch"
      ? [owner, "pg_read_all_data"]
      : [...new Set([owner, ...fingerprint.roles.map(({ name }) => name)])];
  // A forced policy would hide rows from the sum that is asserted; a target's administrator may not have this to give.
  const attributes = restored.side === "scratch" ? "bypassrls" : "";
  const login = await openLogin(restored, { attributes, memberOf, chance: options.chance }, wait);
  return disposing(login, ({ address }) => askAll(comparison, assertions, address));
}

async function askAll(
  { restored, options, wait }: Comparison,
  assertions: readonly Assertion[],
  address: ServerAddress,
): Promise<CheckResult> {
  const findings: Finding[] = [];
  const unasked: string[] = [];
  for (const assertion of assertions) {
    const limited = within(wait, options.assertionLimitMs + graceMs);
    await using session = await openAsTenant(restored, address, limited);
    const answer = await ask(session, assertion, options.assertionLimitMs);
    const subject = `assertion ${assertion.name}`;
    switch (answer.kind) {
      case "value": {
        const found = answer.value ?? "null";
        if (answer.value !== assertion.expect)
          findings.push({ subject, difference: `expected ${assertion.expect}, found ${found}` });
        break;
      }
      case "error":
        findings.push({ subject, difference: answer.message, sqlState: answer.sqlState });
        break;
      case "unasked":
        unasked.push(`assertion ${assertion.name} ${answer.reason}`);
        break;
    }
  }
  if (findings.length === 0 && unasked.length > 0) return notRun("assertions", "machine", unasked.join("; "));
  const detail = `${String(assertions.length)} assertions hold`;
  return compareResult("assertions", assertions.length, findings, detail);
}

async function ask(session: Session, assertion: Assertion, limitMs: number): Promise<Answer> {
  await session.query(
    `set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set extra_float_digits = 1;
     set row_security = on; set statement_timeout = ${String(Math.ceil(limitMs))};
     set default_transaction_read_only = on`,
  );
  const query = assertion.query.trim().replace(/;+$/, "");
  try {
    // With a value given the extended protocol is used, which takes one statement and no more.
    const rows = await session.query<{ value: string | null }>(
      `select (\n${query}\n)::text as value where $1`,
      [true],
    );
    return { kind: "value", value: rows[0]?.value ?? null };
  } catch (error) {
    return answerOf(error);
  }
}

function answerOf(error: unknown): Answer {
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) throw error;
  if (sqlState === "57014") return { kind: "unasked", reason: "took longer than it may" };
  if (sqlState === "42501") return { kind: "unasked", reason: "may not read what it asks for" };
  const isOfData = /^(22|23|P0)/.test(sqlState);
  if (isOfData) {
    const cause = isFailure(error) ? error.cause : error;
    return { kind: "error", sqlState, message: reasonOf(cause) };
  }
  if (/^(42|21|0A|25|2F|3F)/.test(sqlState))
    return { kind: "unasked", reason: `is not valid SQL (SQLSTATE ${sqlState})` };
  throw error;
}
