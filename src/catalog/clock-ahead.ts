import { sql } from "kysely";

/**
 * What the catalog noted of a later time than this was noted by a clock that was ahead and has been set right since. It
 * says nothing of when something was done: whoever went by it would do nothing until that time has come.
 */
export const aClockAhead = sql<Date>`now() + interval '1 hour'`;
