/**
 * For a schema's `parse`. Left alone, zod makes a program of every object's schema when it is first used, which takes
 * as long as to interpret it a hundred times: a tenth of a small backup went there, for schemas that are used once
 * or twice. It pays only for what comes in thousands, such as the lines of an inventory.
 */
export const interpreted = { jitless: true } as const;
