/**
 * Takes rows out of their frames, one behind the other, and finds where chunks end, in WebAssembly: what `Cutter`
 * does with each piece. A row is some hundred bytes, of which JavaScript can neither copy sixteen at once nor
 * do so without asking each time whether the memory is still there.
 */
import { chunkBytesMax, chunkBytesMin, hashPerByte, pieceBytesMax } from "./cut-rule.ts";
import {
  calc,
  choose,
  type Code,
  copySixteen,
  forever,
  get,
  isBelowProduct,
  leaveIf,
  loadByte,
  loadWord,
  moduleOf,
  number,
  set,
  storeWord,
  when,
} from "./wasm-code.ts";

/** Where the program leaves, in words: how far it came in the frames and in the buffer, where the chunk at hand begins, how many chunks ended. */
export const stateWords = { at: 0, filled: 1, chunkFrom: 2, ends: 3 } as const;
/** And where they ended. */
export const endsAt = 16;

const headBytes = 5;
const newline = 10;

const [at, to, filled, chunkFrom, roomTo, keyLow, keyHigh] = [0, 1, 2, 3, 4, 5, 6] as const;
const parameters = 7;
const [count, row, copied, ends, v0, v1, v2, v3] = [7, 8, 9, 10, 11, 12, 13, 14] as const;
const words = [15, 16, 17, 18, 19, 20, 21, 22] as const;
const locals = 16;

/**
 * The module, to be compiled; `run(at, to, filled, chunkFrom, roomTo, keyLow, keyHigh)` takes the frames between `at` and `to` as far
 * as they are whole, a piece each and have room up to `roomTo`. Up to fifteen bytes behind `to` are read and
 * behind `roomTo` are written.
 */
export function rowProgram(): Uint8Array<ArrayBuffer> {
  const body = [
    forever(
      leaveIf(calc("isAbove", calc("add", get(at), number(headBytes)), get(to))),
      set(row, calc("add", get(at), number(headBytes))),
      set(count, calc("subtract", bigEndian(get(at), 1), number(headBytes - 1))),
      // None, or more than a piece can have.
      leaveIf(calc("isAboveUnsigned", calc("subtract", get(count), number(1)), number(pieceBytesMax - 1))),
      leaveIf(calc("isAbove", calc("add", get(row), get(count)), get(to))),
      leaveIf(calc("isAbove", calc("add", get(filled), get(count)), get(roomTo))),
      leaveIf(
        calc(
          "isNot",
          loadByte(calc("subtract", calc("add", get(row), get(count)), number(1))),
          number(newline),
        ),
      ),
      set(copied, number(0)),
      forever(
        copySixteen(calc("add", get(filled), get(copied)), calc("add", get(row), get(copied))),
        set(copied, calc("add", get(copied), number(16))),
        leaveIf(calc("isAbove", get(copied), calc("subtract", get(count), number(1)))),
      ),
      when(calc("isAbove", calc("add", chunkBytes(), get(count)), number(chunkBytesMax)), endChunk()),
      set(filled, calc("add", get(filled), get(count))),
      when(
        calc("isAbove", chunkBytes(), number(chunkBytesMin - 1)),
        takeWords(),
        halfSipHash(),
        when(isBelowProduct(calc("xor", get(v1), get(v3)), get(count), hashPerByte), endChunk()),
      ),
      set(at, calc("add", get(row), get(count))),
    ),
    storeWord(number(0), get(at), 4 * stateWords.at),
    storeWord(number(0), get(filled), 4 * stateWords.filled),
    storeWord(number(0), get(chunkFrom), 4 * stateWords.chunkFrom),
    storeWord(number(0), get(ends), 4 * stateWords.ends),
  ];
  return moduleOf(parameters, locals, body);
}

function chunkBytes(): Code {
  return calc("subtract", get(filled), get(chunkFrom));
}

/** Behind what is filled. */
function endChunk(): Code {
  return [
    ...storeWord(calc("shiftLeft", get(ends), number(2)), get(filled), endsAt),
    ...set(ends, calc("add", get(ends), number(1))),
    ...set(chunkFrom, get(filled)),
  ];
}

function bigEndian(address: Code, offset: number): Code {
  const byte = (index: number): Code =>
    calc("shiftLeft", loadByte(address, offset + index), number(24 - 8 * index));
  return calc("or", calc("or", byte(0), byte(1)), calc("or", byte(2), byte(3)));
}

/** What `Cutter` hashes of a piece. */
function takeWords(): Code {
  const [length, ...contents] = words;
  const middle = calc("add", get(row), shiftRight(calc("subtract", get(count), number(8))));
  const end = calc("add", get(row), get(count));
  const addresses = [
    get(row),
    calc("add", get(row), number(4)),
    middle,
    calc("add", middle, number(4)),
    calc("subtract", end, number(8)),
    calc("subtract", end, number(4)),
  ];
  return [
    ...set(length, get(count)),
    ...when(
      calc("isBelow", get(count), number(8)),
      ...contents.map((word, index) => {
        const isThere = calc("isAbove", get(count), number(index));
        return set(word, choose(isThere, loadByte(get(row), index), number(0)));
      }),
    ),
    ...when(
      calc("isAbove", get(count), number(7)),
      ...contents.map((word, index) => {
        const address = addresses[index];
        return set(word, address === undefined ? number(0) : loadWord(address));
      }),
    ),
  ];
}

function shiftRight(value: Code): Code {
  return [...value, ...number(1), 0x76];
}

/** HalfSipHash-1-3 (`half-sip-hash.ts`) of the eight words; its value is the sum of v1 and v3. */
function halfSipHash(): Code {
  return [
    ...set(v0, get(keyLow)),
    ...set(v1, get(keyHigh)),
    ...set(v2, calc("xor", number(0x6c796765), get(keyLow))),
    ...set(v3, calc("xor", number(0x74656462), get(keyHigh))),
    ...words.flatMap((word) => sipRound(get(word))),
    ...sipRound(number(words.length << 26)),
    ...set(v2, calc("xor", get(v2), number(0xff))),
    ...sipRound(null),
    ...sipRound(null),
    ...sipRound(null),
  ];
}

function sipRound(word: Code | null): Code {
  const rotated = (local: number, bits: number): Code => calc("rotateLeft", get(local), number(bits));
  return [
    ...(word === null ? [] : set(v3, calc("xor", get(v3), word))),
    ...set(v0, calc("add", get(v0), get(v1))),
    ...set(v1, calc("xor", rotated(v1, 5), get(v0))),
    ...set(v0, rotated(v0, 16)),
    ...set(v2, calc("add", get(v2), get(v3))),
    ...set(v3, calc("xor", rotated(v3, 8), get(v2))),
    ...set(v0, calc("add", get(v0), get(v3))),
    ...set(v3, calc("xor", rotated(v3, 7), get(v0))),
    ...set(v2, calc("add", get(v2), get(v1))),
    ...set(v1, calc("xor", rotated(v1, 13), get(v2))),
    ...set(v2, rotated(v2, 16)),
    ...(word === null ? [] : set(v0, calc("xor", get(v0), word))),
  ];
}
