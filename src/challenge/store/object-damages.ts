/** One object is lost or altered: what failing disks, torn uploads and careless people do. */
import { sealSmall } from "../../keys/small-age.ts";
import { agePartsOf, type AgeParts } from "./age-parts.ts";
import {
  formerObject,
  largestObject,
  neighboursObject,
  objectOfRows,
  twoOfDifferentKind,
  twoOfOneTable,
} from "./chosen-objects.ts";
import { altered, bitFlipped, exchanged } from "./folder.ts";
import { refuted, type StoreDamage, type StoresToDamage } from "./store-damage.ts";

const sectorBytes = 512;
const firstLineBytes = "age-encryption.org/v1\n".length;

export const objectDamages: readonly StoreDamage[] = [
  ofObject("object-missing", "an object is missing", ({ folder, contents }) =>
    folder.remove(objectOfRows(contents)),
  ),
  cut("object-emptied", "an object has no bytes left", () => 0),
  cut("object-cut-in-version", "an object ends inside its first line", () => 10),
  cut("object-cut-after-version", "an object ends where its first line ends", () => firstLineBytes),
  cut("object-cut-in-header", "an object ends inside its header", ({ headerEnd }) => headerEnd - 20),
  cut("object-cut-after-header", "an object ends where its header ends", ({ headerEnd }) => headerEnd),
  cut(
    "object-cut-in-nonce",
    "an object ends inside the nonce of its payload",
    ({ headerEnd }) => headerEnd + 7,
  ),
  cut("object-cut-after-nonce", "an object ends before its first segment", ({ nonceEnd }) => nonceEnd),
  cut(
    "object-cut-in-tag",
    "an object ends inside the tag of its first segment",
    ({ segmentEnd }) => segmentEnd - 5,
  ),
  cut(
    "object-cut-at-segment",
    "an object ends where a segment of 64 KiB ends",
    ({ segmentEnd }) => segmentEnd,
  ),
  cut("object-cut-in-last-segment", "an object ends inside its last segment", (_, bytes) => bytes - 100),
  cut("object-one-byte-short", "an object lacks its last byte", (_, bytes) => bytes - 1),
  flip("object-bit-in-version", "one bit of an object's first line is flipped", () => firstLineBytes - 2),
  flip("object-bit-in-header", "one bit of an object's header is flipped", ({ headerEnd }) => headerEnd - 60),
  flip("object-bit-in-nonce", "one bit of an object's nonce is flipped", ({ headerEnd }) => headerEnd + 3),
  flip("object-bit-in-body", "one bit of an object's body is flipped", ({ nonceEnd }) => nonceEnd + 4711),
  flip("object-bit-in-tag", "one bit of an object's last tag is flipped", () => -1),
  change("object-sector-zeroed", "a sector in the middle of an object reads as zeros", (bytes) =>
    bytes.fill(0, bytes.length >> 1, (bytes.length >> 1) + sectorBytes),
  ),
  change("object-sector-moved", "two sectors of an object have changed places", (bytes) => {
    const [one, two] = [4096, 4096 + sectorBytes].map((at) =>
      Buffer.from(bytes.subarray(at, at + sectorBytes)),
    );
    if (one !== undefined && two !== undefined) bytes.set(Buffer.concat([two, one]), 4096);
    return bytes;
  }),
  change("object-bytes-prepended", "bytes stand before the beginning of an object", (bytes) =>
    Buffer.concat([Buffer.from("\n"), bytes]),
  ),
  change("object-bytes-appended", "bytes stand behind the end of an object", (bytes) =>
    Buffer.concat([bytes, Buffer.from("and more")]),
  ),
  change("object-doubled", "an object is written twice, one behind the other", (bytes) =>
    Buffer.concat([bytes, bytes]),
  ),
  ofObject(
    "object-swapped-within-tenant",
    "an object has the bytes of one of another sort",
    async (stores) => {
      const [one, two] = twoOfDifferentKind(stores.contents);
      await stores.folder.put(one, await stores.folder.read(two));
    },
  ),
  ofObject("objects-of-one-table-exchanged", "two objects of one table have changed places", (stores) =>
    exchanged(stores.folder, ...twoOfOneTable(stores.contents)),
  ),
  ofObject("object-of-another-tenant", "an object has the bytes of one of another tenant", async (stores) => {
    const { folder, contents } = stores;
    await folder.put(objectOfRows(contents), await folder.read(neighboursObject(stores)));
  }),
  ofObject("object-of-older-backup", "an object has the bytes of one of an older backup", async (stores) => {
    const { folder, contents } = stores;
    await folder.put(objectOfRows(contents), await folder.read(formerObject(stores)));
  }),
  ofObject("object-forged", "an object was sealed anew to the tenant's own recipient", async (stores) => {
    const { folder, contents } = stores;
    await folder.put(objectOfRows(contents), await sealSmall("forged", [contents.recipient]));
  }),
];

function ofObject(name: string, title: string, make: (stores: StoresToDamage) => Promise<void>): StoreDamage {
  return refuted(name, title, /^object \S+\/chunks\/\S+: /, make);
}

function change(name: string, title: string, alter: (bytes: Buffer) => Uint8Array): StoreDamage {
  return ofObject(name, title, ({ folder, contents }) => altered(folder, largestObject(contents), alter));
}

function cut(name: string, title: string, to: (parts: AgeParts, bytes: number) => number): StoreDamage {
  return change(name, title, (bytes) => bytes.subarray(0, to(agePartsOf(bytes), bytes.length)));
}

function flip(name: string, title: string, at: (parts: AgeParts) => number): StoreDamage {
  return change(name, title, (bytes) => bitFlipped(bytes, at(agePartsOf(bytes))));
}
