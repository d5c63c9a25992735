/** The longest plaintext of a chunk: a constant of the format version, which readers hold every manifest to. */
export const chunkBytesMax = 8 * 1024 * 1024;
