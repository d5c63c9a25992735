import { getSystemErrorMap } from "node:util";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";

/** What went wrong with a directory store, from the error number of the operating system. */
export function directoryFailure(doing: string, error: unknown): Failure {
  if (isFailure(error)) return error;
  const message = `${doing}: ${spoken(error)}`;
  switch (numberOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return new Failure("store/full", message, { cause: error });
    case "EACCES":
    case "EPERM":
      return new Failure("store/refused", message, {
        cause: error,
        hint: "may the user that runs holdfast write there?",
      });
    case "EROFS":
      return new Failure("store/refused", message, {
        cause: error,
        hint: "its volume is mounted for reading alone; a kernel does that itself after an error of the disk",
      });
    case "ELOOP":
    case "ENOTDIR":
    case "EISDIR":
    case "ENAMETOOLONG":
      return new Failure("store/refused", message, {
        cause: error,
        hint: "something that is not of holdfast stands in the way",
      });
    case "EXDEV":
    case "ENOTSUP":
    case "EOPNOTSUPP":
    case "ENOSYS":
      return new Failure("store/unsuitable", message, {
        cause: error,
        hint: "a directory store needs one file system with hard links",
      });
    default:
      // EIO, ESTALE, ENOTCONN, EMFILE and whatever a network file system comes up with.
      return new Failure("store/unreachable", message, {
        cause: error,
        hint: "is the volume mounted, and well?",
      });
  }
}

/** What is staged is our own, which anybody may link: Linux says so of file systems without hard links, as FAT is. */
function numberOf(error: unknown): string {
  const number = errnoOf(error) ?? "";
  const isLink = error instanceof Error && "syscall" in error && error.syscall === "link";
  return isLink && number === "EPERM" ? "EOPNOTSUPP" : number;
}

/** `permission denied (EACCES)`: the number's name alone says little at night, and the system's whole text repeats the path. */
function spoken(error: unknown): string {
  const name = errnoOf(error);
  if (name === null) return reasonOf(error);
  const number = error instanceof Error && "errno" in error ? error.errno : undefined;
  const [, words] = typeof number === "number" ? (getSystemErrorMap().get(number) ?? []) : [];
  return words === undefined ? name : `${words} (${name})`;
}

/** `ENOENT` and its kind; `null` when the error is not from the operating system. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** What the call resolves with, or `null` when what it was about is not there. */
export async function nullIfAbsent<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw error;
  }
}
