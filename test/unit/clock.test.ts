/** The times that names of objects begin with. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { compactUtc, timeOfName } from "../../src/base/clock.ts";

it("a name tells the second it was given", () => {
  const at = fc.date({
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(at, (when) => {
      const second = new Date(Math.floor(when.getTime() / 1000) * 1000);
      expect(timeOfName(`${compactUtc(when)}-frankfurt.jws`)).toEqual(second);
    }),
  );
});

it.each(["", "frankfurt.jws", "2027", "20261121T013000Z", "20261321T013000Z-a", "20261121T250000Z-a"])(
  "%j tells no time",
  (name) => {
    expect(timeOfName(name)).toBeNull();
  },
);
