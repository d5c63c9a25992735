/**
 * `work` with a resource whose disposal asks others and may fail, such as a login of a server. Like `await using`, but
 * where both fail it is the work's failure that is thrown: `await using` throws the two in a SuppressedError, which has
 * no code and an empty message, and a lost server makes both fail.
 */
export async function disposing<R extends AsyncDisposable, T>(
  resource: R,
  work: (resource: R) => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work(resource);
  } catch (error) {
    await Promise.resolve(resource[Symbol.asyncDispose]()).catch(() => undefined);
    throw error;
  }
  await resource[Symbol.asyncDispose]();
  return result;
}
