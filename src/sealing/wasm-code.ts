/**
 * As much of the binary format of WebAssembly as one function over one memory takes (WebAssembly Core Specification 2.0,
 * section 5). Code is lists of bytes; an expression is the code that leaves its value.
 */
export type Code = readonly number[];

const i32 = 0x7f;
const noResult = 0x40;

const op = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  select: 0x1b,
  get: 0x20,
  set: 0x21,
  load: 0x28,
  loadByte: 0x2d,
  store: 0x36,
  const: 0x41,
  f64Const: 0x44,
  f64FromSigned: 0xb7,
  f64FromUnsigned: 0xb8,
  f64Multiply: 0xa2,
  f64Less: 0x63,
  simd: 0xfd,
} as const;

const binary = {
  add: 0x6a,
  subtract: 0x6b,
  or: 0x72,
  xor: 0x73,
  shiftLeft: 0x74,
  rotateLeft: 0x77,
  isNot: 0x47,
  isBelow: 0x48,
  isAbove: 0x4a,
  isAboveUnsigned: 0x4b,
} as const;

export function number(value: number): Code {
  return [op.const, ...signed(value)];
}

export function get(local: number): Code {
  return [op.get, ...unsigned(local)];
}

export function set(local: number, value: Code): Code {
  return [...value, op.set, ...unsigned(local)];
}

export function calc(kind: keyof typeof binary, left: Code, right: Code): Code {
  return [...left, ...right, binary[kind]];
}

/** `condition` is a number, of which zero is no. */
export function choose(condition: Code, yes: Code, no: Code): Code {
  return [...yes, ...no, ...condition, op.select];
}

export function loadWord(address: Code, offset = 0): Code {
  return [...address, op.load, 0, ...unsigned(offset)];
}

export function loadByte(address: Code, offset = 0): Code {
  return [...address, op.loadByte, 0, ...unsigned(offset)];
}

export function storeWord(address: Code, value: Code, offset = 0): Code {
  return [...address, ...value, op.store, 0, ...unsigned(offset)];
}

/** Copies sixteen bytes. */
export function copySixteen(to: Code, from: Code): Code {
  return [...to, ...from, op.simd, 0, 0, 0, op.simd, 11, 0, 0];
}

/** Whether `value`, unsigned, is less than `factor` times `count`, in doubles. */
export function isBelowProduct(value: Code, count: Code, factor: number): Code {
  const bytes = new Uint8Array(new Float64Array([factor]).buffer);
  const product = [...count, op.f64FromSigned, op.f64Const, ...bytes, op.f64Multiply];
  return [...value, op.f64FromUnsigned, ...product, op.f64Less];
}

export function when(condition: Code, ...then: readonly Code[]): Code {
  return [...condition, op.if, noResult, ...then.flat(), op.end];
}

/** Repeats `body` until `leave` is reached in it, outside of a `when`. */
export function forever(...body: readonly Code[]): Code {
  return [op.block, noResult, op.loop, noResult, ...body.flat(), op.br, 0, op.end, op.end];
}

export function leaveIf(condition: Code): Code {
  return [...condition, op.brIf, 1];
}

/** A module of one function `run` without a result, over the memory that is imported as `host.memory`. */
export function moduleOf(parameters: number, locals: number, body: readonly Code[]): Uint8Array<ArrayBuffer> {
  const code = [1, ...unsigned(locals), i32, ...body.flat(), op.end];
  return Uint8Array.from([
    0,
    ...Buffer.from("asm"),
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, ...unsigned(parameters), ...Array.from({ length: parameters }, () => i32), 0]),
    ...section(2, [1, ...name("host"), ...name("memory"), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): Code {
  return [text.length, ...Buffer.from(text)];
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  const rest = value >> 7;
  const isLast = (rest === 0 && (value & 0x40) === 0) || (rest === -1 && (value & 0x40) !== 0);
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(rest)];
}
