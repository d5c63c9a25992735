/** The numbers by which streams are cut; see `cut.ts`, where they are explained. */
export const chunkBytesMax = 8 * 1024 * 1024;
export const chunkBytesMin = 128 * 1024;
export const pieceBytesMax = 64 * 1024;
/** Mean distance from the least length to the cut; with the least length about 1 MiB in all. */
const spacingBytes = 896 * 1024;
/** A piece of `n` bytes ends the chunk when its hash is below `n * hashPerByte`. */
export const hashPerByte = 2 ** 32 / spacingBytes;
