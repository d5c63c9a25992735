import type { Finding } from "../../model/check.ts";
import { sqlStateOf } from "../session/errors.ts";

/** Undefined table, undefined column, wrong kind of object: the object read is not what it was. */
const absentStates = new Set(["42P01", "42703", "42809", "3F000", "42704"]);

/** The findings of `compare`, or one that `subject` is not as it was when the server does not know it. */
export async function missingOrElse(subject: string, compare: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await compare();
  } catch (error) {
    const sqlState = sqlStateOf(error);
    if (sqlState === undefined || !absentStates.has(sqlState)) throw error;
    return [{ subject, difference: "absent, or not what it was", sqlState }];
  }
}
