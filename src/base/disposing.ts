import { Failure, failureOf } from "./failure.ts";

/** What may fail to be put back. */
interface Kept extends AsyncDisposable {
  /** What there is to be told where it could not be put back. */
  readonly leaves?: string;
}

/**
 * `work` with a resource whose disposal asks others and may fail, such as a login of a server. Like `await using`, but
 * where both fail it is the work's failure that is thrown, with what stays behind: `await using` throws the two in a
 * SuppressedError, which has no code and an empty message, and a lost server makes both fail.
 */
export async function disposing<R extends Kept, T>(
  resource: R,
  work: (resource: R) => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work(resource);
  } catch (error) {
    throw (await isDisposed(resource)) ? error : leaving(error, resource);
  }
  await resource[Symbol.asyncDispose]();
  return result;
}

function isDisposed(resource: Kept): Promise<boolean> {
  return Promise.resolve(resource[Symbol.asyncDispose]()).then(
    () => true,
    () => false,
  );
}

function leaving(error: unknown, { leaves }: Kept): unknown {
  if (leaves === undefined) return error;
  const { code, message, cause, hint } = failureOf(error);
  const options = { cause, ...(hint === undefined ? {} : { hint }) };
  return new Failure(code, `${message}; ${leaves}`, options);
}
