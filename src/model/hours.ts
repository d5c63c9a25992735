/** Hours of the day: whether a rule that names some holds now. */

export interface HoursRule {
  /** Local times such as `08:00`, `to` exclusive; over midnight when `to` comes before `from`; null: always. */
  readonly hours: { readonly from: string; readonly to: string } | null;
  readonly timeZone: string;
}

/** Whether `at` falls into the hours of the rule, on the clocks of its zone. */
export function isInForce({ hours, timeZone }: HoursRule, at: Date): boolean {
  if (hours === null || hours.from === hours.to) return true;
  const now = localTimeOf(at, timeZone);
  const { from, to } = hours;
  return from < to ? from <= now && now < to : from <= now || now < to;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `08:05` on the clocks of that zone. */
function localTimeOf(at: Date, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  return format.format(at);
}
