import { Failure } from "../base/failure.ts";

/** `classic` is X25519; `post-quantum` is the hybrid of ML-KEM-768 and X25519. */
export type RecipientSuite = "classic" | "post-quantum";

/**
 * The one suite that all these age recipients share. One file sealed to both kinds is as weak as its
 * weakest recipient, so mixing them undoes the stronger: all or nothing (trap 32).
 * None at all, another kind of recipient, or a mixture: "config/invalid".
 */
export function recipientSuite(recipients: readonly string[]): RecipientSuite {
  const suites = new Set(recipients.map(suiteOf));
  const [suite, other] = suites;
  if (suite === undefined) throw new Failure("config/invalid", "there is no recipient to seal to");
  if (other !== undefined) {
    throw new Failure("config/invalid", "post-quantum and X25519 recipients are mixed", {
      hint: "make every recipient under keys post-quantum (age1pq1…), or none",
    });
  }
  return suite;
}

function suiteOf(recipient: string): RecipientSuite {
  if (/^age1pq1[02-9ac-hj-np-z]+$/.test(recipient)) return "post-quantum";
  if (/^age1[02-9ac-hj-np-z]{58}$/.test(recipient)) return "classic";
  throw new Failure(
    "config/invalid",
    `${recipient.slice(0, 12)}… is not an age recipient that can be sealed to`,
  );
}
