/** Writing a proof: what it cannot name, the sealed detail, then the signed verdict beside it, to every store that takes it. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type Proof, proof } from "../model/documents.ts";
import type { StoreName } from "../model/ids.ts";
import { proofDetailKey, proofKey } from "../model/layout.ts";
import type { Signer } from "../keys/signing.ts";
import type { Sealer } from "../sealing/sealing.ts";
import type { Store } from "../stores/store.ts";
import { keysPerList, writeFindings } from "./findings.ts";
import { askEach, type StoreDown } from "./library.ts";
import { isTaken, putStatement, statementBytes } from "./put-statement.ts";
import { signReadable } from "./signed.ts";

export interface ProofOrder {
  /**
   * All but where the detail lies and how long it is. Of objects it may name any number: those that are beyond what
   * a document holds go into lists of findings, which count as the proof does.
   */
  readonly proof: Omit<Proof, "detail">;
  /** Findings with names and values: JSON, sealed to the tenant's recipient. */
  readonly detail: unknown;
  readonly recipient: string;
  readonly stores: readonly Store[];
}

export interface ProofTools {
  readonly signer: Signer;
  readonly sealer: Sealer;
}

const zstdLevel = 3;
/** Proofs of one copy within a second would want the same key; the next second is as good. */
const secondsMax = 5;

/**
 * Resolves with the proof as written, where it lies, and which stores could not take it. Throws the
 * first store's failure when none could.
 */
export async function writeProof(
  order: ProofOrder,
  { signer, sealer }: ProofTools,
  wait: Waiting,
): Promise<{
  readonly proof: Proof;
  readonly stores: readonly StoreName[];
  readonly down: readonly StoreDown[];
}> {
  const detail = await sealer.sealDocument(
    Buffer.from(JSON.stringify(order.detail)),
    [order.recipient],
    zstdLevel,
    wait,
  );
  const { damaged, misnamed = [], ...said } = order.proof;
  // First, so that a proof which names only some of what was found never lies there without the rest.
  const rest = { damaged: damaged.slice(keysPerList), healed: [], misnamed: misnamed.slice(keysPerList) };
  const about = { ...said, ...rest, at: new Date(said.at), stores: order.stores };
  await writeFindings(about, { signer, trust: null }, wait);
  for (let second = 0; ; second += 1) {
    const at = new Date(Date.parse(said.at) + second * 1000);
    const { tenant, backup, store } = said;
    const address = { tenant, backup, store, at };
    if (second < secondsMax && (await isTaken(proofDetailKey(address), order.stores, wait))) continue;
    const content: Proof = {
      ...said,
      at: at.toISOString(),
      detail: { bytes: detail.body.length, sha256: detail.sha256 },
      damaged: damaged.slice(0, keysPerList),
      ...(misnamed.length === 0 ? {} : { misnamed: misnamed.slice(0, keysPerList) }),
    };
    const body = await signReadable(signer, { purpose: "proof", schema: proof }, content);
    const sealed = statementBytes(proofDetailKey(address), detail.body);
    const signed = statementBytes(proofKey(address), body);
    const put = async (target: Store): Promise<void> => {
      await putStatement(sealed, target, wait);
      await putStatement(signed, target, wait);
    };
    const { answers, down } = await askEach(order.stores, put, wait);
    const [first] = down;
    if (answers.size === 0) {
      throw first?.failure ?? new Failure("store/quorum", `there is no store for the proof of ${backup}`);
    }
    return { proof: content, stores: [...answers.keys()], down };
  }
}
