/**
 * Text that only shows: control characters, which names of tables or stores may hold and which could
 * move the cursor, recolour or rewrite what stands there, are spelled out. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(controls, (letter) => {
    const code = letter.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

// eslint-disable-next-line no-control-regex -- those are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
