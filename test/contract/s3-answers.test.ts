/** What a server may answer, and what a connection may do, becomes the right failure: a stand-in server misbehaves on demand. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { objectKey, storeName } from "../../src/model/ids.ts";
import type { BucketInspector, LifecycleDeed } from "../../src/stores/bucket.ts";
import type { S3Limits } from "../../src/stores/s3-client.ts";
import { s3Store } from "../../src/stores/s3.ts";
import type { WholeStore } from "../../src/stores/store.ts";

const wait = { signal: new AbortController().signal };
const key = objectKey.parse("tenants/acme/object");
const body = Buffer.from("0123456789");

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface StandIn extends AsyncDisposable {
  readonly store: WholeStore & BucketInspector;
  readonly seen: IncomingMessage[];
}

let running: StandIn | null = null;
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = null;
});

type Answers = readonly [Answer, ...Answer[]];

/** Answers the n-th request with the n-th answer, and all later ones with the last. */
function standIn(...answers: Answers): Promise<StandIn> {
  return listening(answers, { connectMs: 30_000, idleMs: 30_000, requestMs: 30_000 });
}

/** For one that is not to be waited for. */
function impatientStandIn(answer: Answer): Promise<StandIn> {
  return listening([answer], { connectMs: 1000, idleMs: 200, requestMs: 1500 });
}

async function listening(answers: Answers, limits: S3Limits): Promise<StandIn> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.once("end", () => {
      const answer = answers[Math.min(seen.length, answers.length - 1)] ?? answers[0];
      seen.push(request);
      answer(request, response);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  running = {
    seen,
    store: s3Store({
      name: storeName.parse("stand-in"),
      bucket: "bucket",
      region: "eu-central-1",
      endpoint: `http://127.0.0.1:${String(port)}`,
      pathStyle: true,
      accessKeyId: "key",
      secretAccessKey: "hush-hush",
      limits,
    }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
  return running;
}

function refuses(status: number, code: string): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  };
}

/** Announces the whole from `from` on, sends only so many bytes, and breaks the connection. */
function breaksOff(from: number, sent: number): Answer {
  return (_request, response) => {
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": body.length - from,
      "content-range": `bytes ${String(from)}-9/10`,
      etag: '"abc"',
    });
    response.write(body.subarray(from, from + sent), () => response.destroy());
  };
}

const hangs: Answer = () => {};

describe("a refusal of a create", () => {
  it.each([
    [507, "InsufficientStorage", "store/full"],
    [400, "QuotaExceeded", "store/full"],
    [403, "QuotaExceeded", "store/full"],
    [403, "RequestTimeTooSkewed", "store/clock"],
    [403, "AccessDenied", "store/refused"],
    [403, "InvalidObjectState", "store/refused"],
    [403, "SignatureDoesNotMatch", "store/refused"],
    [401, "Unauthorized", "store/refused"],
    [404, "NoSuchBucket", "store/refused"],
    [301, "PermanentRedirect", "store/refused"],
    [400, "BadDigest", "store/corrupt"],
    [400, "XAmzContentSHA256Mismatch", "store/corrupt"],
    [400, "RequestTimeout", "store/unreachable"],
    [408, "Whatever", "store/unreachable"],
    [429, "TooManyRequests", "store/unreachable"],
    [503, "SlowDown", "store/unreachable"],
    [500, "InternalError", "store/unreachable"],
    [502, "", "store/unreachable"],
    [501, "NotImplemented", "store/protocol"],
    [412, "PreconditionFailed", "store/exists"],
    [400, "constructor", "store/refused"],
  ])("with %i %s is %s", async (status, name, code) => {
    const { store, seen } = await standIn(refuses(status, name));
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code });
    expect(seen).toHaveLength(1);
  });

  it("by a race is not taken for a taken key before the object is there", async () => {
    const bucketIsThere: Answer = (_request, response) => response.writeHead(200).end();
    const { store } = await standIn(
      refuses(409, "ConditionalRequestConflict"),
      (_request, response) => response.writeHead(404).end(),
      bucketIsThere,
    );
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/unreachable" });
  });

  it("by a race is a taken key once the object is there", async () => {
    const objectIsThere: Answer = (_request, response) =>
      response.writeHead(200, { "content-length": 10 }).end();
    const { store } = await standIn(refuses(409, "ConditionalRequestConflict"), objectIsThere);
    await expect(store.create(key, body, {}, wait)).rejects.toMatchObject({ code: "store/exists" });
  });

  it("never carries the secret", async () => {
    const { store } = await standIn(refuses(403, "SignatureDoesNotMatch"));
    const error: unknown = await store.create(key, body, {}, wait).catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("hush-hush");
  });
});

describe("the rules of a bucket", () => {
  const says =
    (xml: string): Answer =>
    (_request, response) =>
      response.writeHead(200, { "content-type": "application/xml" }).end(`<?xml version="1.0"?>${xml}`);
  const notAnswered = refuses(501, "NotImplemented");

  async function lifecycleAnswered(answer: Answer): Promise<readonly LifecycleDeed[] | null> {
    const { store } = await standIn(notAnswered, notAnswered, answer);
    return (await store.bucketSettings(wait)).lifecycle;
  }
  const ruled = (...rules: readonly string[]): Answer =>
    says(
      `<LifecycleConfiguration>${rules
        .map((rule) => `<Rule><ID>tidy</ID><Status>Enabled</Status>${rule}</Rule>`)
        .join("")}</LifecycleConfiguration>`,
    );
  const days = "<Expiration><Days>30</Days></Expiration>";
  const removes = { rule: "tidy", does: "remove", when: "30 days after they came" };

  it.each([
    ["all objects", `<Filter/>${days}`, removes],
    ["all objects, in the old spelling", `<Prefix></Prefix>${days}`, removes],
    ["those of a tenant", `<Filter><Prefix>tenants/acme/</Prefix></Filter>${days}`, removes],
    ["what begins with a letter", `<Filter><Prefix>h</Prefix></Filter>${days}`, removes],
    [
      "large ones",
      `<Filter><And><Prefix>tenants</Prefix><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan></And></Filter>${days}`,
      removes,
    ],
    [
      "all from a day on",
      "<Filter/><Expiration><Date>2027-01-31T00:00:00Z</Date></Expiration>",
      { ...removes, when: "from 2027-01-31" },
    ],
    [
      "all into an archive",
      "<Filter/><Transition><Days>0</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>",
      { rule: "tidy", does: "archive", when: "0 days after they came" },
    ],
  ])("are told that take %s", async (_what, rule, deed) => {
    expect(await lifecycleAnswered(ruled(rule))).toEqual([deed]);
  });

  it.each([
    ["other folders", `<Filter><Prefix>logs/</Prefix></Filter>${days}`],
    ["a folder with a longer name", `<Filter><Prefix>tenants-of-another/</Prefix></Filter>${days}`],
    ["tagged objects", `<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>${days}`],
    [
      "tagged objects below a folder",
      `<Filter><And><Prefix>tenants/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>${days}`,
    ],
    [
      "marks of deletion",
      "<Filter/><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
    ],
    [
      "versions that others replaced",
      "<Filter/><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>",
    ],
    [
      "objects to where they cost less and read as fast",
      "<Filter/><Transition><Days>9</Days><StorageClass>GLACIER_IR</StorageClass></Transition>",
    ],
  ])("are no matter that take %s", async (_what, rule) => {
    expect(await lifecycleAnswered(ruled(rule))).toEqual([]);
  });

  it("are looked through, and those that are switched off passed over", async () => {
    const off = `<Rule><ID>off</ID><Status>Disabled</Status><Filter/>${days}</Rule>`;
    expect(await lifecycleAnswered(says(`<LifecycleConfiguration>${off}</LifecycleConfiguration>`))).toEqual(
      [],
    );
    const other = `<Filter><Prefix>logs/</Prefix></Filter>${days}`;
    expect(await lifecycleAnswered(ruled(other, `<Filter/>${days}`))).toEqual([removes]);
  });

  it.each([
    [404, "NoSuchLifecycleConfiguration", []],
    [403, "AccessDenied", null],
    [501, "NotImplemented", null],
    [400, "InvalidRequest", null],
  ])("that are asked for and answered with %i %s, are %j", async (status, name, told) => {
    expect(await lifecycleAnswered(refuses(status, name))).toEqual(told);
  });

  it("are not believed absent by a server that fails to tell", async () => {
    await expect(lifecycleAnswered(refuses(503, "SlowDown"))).rejects.toMatchObject({
      code: "store/unreachable",
    });
  });
});

describe("a create", () => {
  it("is one PUT with its digest signed and checked, and only if there is no such object", async () => {
    const { store, seen } = await standIn((_request, response) => response.writeHead(200).end());
    await store.create(key, body, {}, wait);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: "PUT", url: `/bucket/${key}?x-id=PutObject` });
    expect(seen[0]?.headers).toMatchObject({
      "if-none-match": "*",
      "content-length": "10",
      "x-amz-checksum-sha256": "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=",
      "x-amz-content-sha256": "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
    });
  });
});

describe("a read", () => {
  it("is taken up again where the connection broke, of the same object", async () => {
    const { store, seen } = await standIn(breaksOff(0, 4), breaksOff(4, 3), breaksOff(7, 3));
    expect((await store.read(key, {}, wait)).toString()).toBe("0123456789");
    expect(seen.map((request) => request.headers.range)).toEqual([undefined, "bytes=4-9", "bytes=7-9"]);
    expect(seen.map((request) => request.headers["if-match"])).toEqual([undefined, '"abc"', '"abc"']);
  });

  it("is unreachable, and never short, when it breaks off again and again", async () => {
    const { store, seen } = await standIn(breaksOff(0, 4), breaksOff(4, 0));
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/unreachable" });
    expect(seen.length).toBeLessThan(10);
  });

  it("does not join parts of two objects", async () => {
    const { store } = await standIn(breaksOff(0, 4), refuses(412, "PreconditionFailed"));
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/unreachable" });
  });

  it("does not take the whole for the rest", async () => {
    const whole: Answer = (_request, response) => response.writeHead(200, { "content-length": 10 }).end(body);
    const { store } = await standIn(breaksOff(0, 4), whole);
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/protocol" });
  });

  it("refuses to go on without knowing how long the object is", async () => {
    const { store } = await standIn((_request, response) => {
      response.writeHead(200);
      response.write(body);
      response.end();
    });
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/protocol" });
  });

  it("takes up again a body that stops moving", async () => {
    const stalls: Answer = (_request, response) => {
      response.writeHead(200, { "content-length": 10, etag: '"abc"' });
      response.write(body.subarray(0, 4));
    };
    const limits = { connectMs: 30_000, idleMs: 1_000, requestMs: 30_000 };
    const { store } = await listening([stalls, breaksOff(4, 6)], limits);
    expect((await store.read(key, {}, wait)).toString()).toBe("0123456789");
  });

  it("does not read a body that is too large", async () => {
    const endless: Answer = (_request, response) => {
      response.writeHead(200, { "content-length": 10_000_000_000 });
      response.write(body);
    };
    const { store } = await standIn(endless);
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/corrupt" });
  });
});

describe("any call", () => {
  it("to a server that never answers is unreachable after a while", async () => {
    const { store } = await impatientStandIn(hangs);
    await expect(store.stat(key, wait)).rejects.toMatchObject({ code: "store/unreachable" });
  });

  it("to a server that trickles is unreachable after a while", async () => {
    const { store } = await impatientStandIn((_request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      const drip = setInterval(() => response.write("x"), 50);
      response.once("close", () => clearInterval(drip));
    });
    await expect(store.read(key, {}, wait)).rejects.toMatchObject({ code: "store/unreachable" });
  });

  it("ends at once when its caller stops waiting, in the midst of a body too", async () => {
    const control = new AbortController();
    const { store } = await standIn((_request, response) => {
      response.writeHead(200, { "content-length": 10 });
      response.write(body.subarray(0, 4), () => control.abort());
    });
    await expect(store.read(key, {}, { signal: control.signal })).rejects.toMatchObject({
      code: "wait/cancelled",
    });
  });

  it("to something that is no S3 is not taken for an empty store", async () => {
    const { store } = await standIn((_request, response) =>
      response.writeHead(200).end("<html>welcome</html>"),
    );
    const alien = { code: "store/protocol" };
    await expect(Array.fromAsync(store.list("", wait))).rejects.toMatchObject(alien);
    await expect(store.versions(key, wait)).rejects.toMatchObject(alien);
  });
});

describe("the clock", () => {
  it("is told even by a server that refuses our time", async () => {
    const { store } = await standIn((request, response) => {
      response.setHeader("date", "Sat, 21 Nov 2020 01:30:00 GMT");
      refuses(403, "RequestTimeTooSkewed")(request, response);
    });
    expect(await store.clock(wait)).toEqual(new Date("2020-11-21T01:30:00Z"));
  });
});

describe("a Date of an answer", () => {
  const clockOf = async (date: string): Promise<Date> => {
    const { store } = await standIn((_request, response) => {
      response.sendDate = false;
      if (date !== "") response.setHeader("date", date);
      response.end();
    });
    return store.clock(wait);
  };

  it.each([
    ["Mon, 23 Nov 2026 04:00:00 GMT", "2026-11-23T04:00:00Z"],
    ["Monday, 23-Nov-26 04:00:00 GMT", "2026-11-23T04:00:00Z"],
    ["Mon Nov 23 04:00:00 2026", "2026-11-23T04:00:00Z"],
    ["Sun Nov  1 04:00:00 2026", "2026-11-01T04:00:00Z"],
    ["Mon, 23 Nov 2026 08:00:00 +0400", "2026-11-23T04:00:00Z"],
    ["Thu, 31 Dec 2026 23:59:60 GMT", "2026-12-31T23:59:59Z"],
  ])("%s is read, whatever the zone of this process", async (date, at) => {
    const zone = process.env["TZ"];
    process.env["TZ"] = "Asia/Kolkata";
    try {
      expect(await clockOf(date)).toEqual(new Date(at));
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });

  it.each([
    "",
    "2026",
    "0",
    "now",
    "Mon, 23 Nov 2026 04:00:00",
    "2026-11-23T04:00:00",
    "Mon, 23 Nov 2026 GMT",
  ])("'%s' tells no time", async (date) => {
    await expect(clockOf(date)).rejects.toMatchObject({ code: "store/protocol" });
  });
});

describe("a time that an answer leaves out", () => {
  const answers = (text: string): Answer => {
    return (_request, response) => {
      response.writeHead(200, { "content-type": "application/xml", "content-length": text.length });
      response.end(text);
    };
  };
  const contents = `<Contents><Key>${key}</Key><Size>1</Size></Contents>`;
  const version = `<Version><Key>${key}</Key><Size>1</Size><VersionId>1</VersionId></Version>`;

  it("is not taken for 1970: what nobody can date is read, and never old enough to go", async () => {
    const { store } = await standIn(
      answers(
        `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`,
      ),
      answers("x"),
      answers(
        `<?xml version="1.0"?><ListVersionsResult><IsTruncated>false</IsTruncated>${version}</ListVersionsResult>`,
      ),
    );
    const found = [...(await Array.fromAsync(store.list("", wait))), await store.stat(key, wait)];
    found.push(...(await store.versions(key, wait)));
    const ages = found.map((stat) => Date.now() - (stat?.modifiedAt.getTime() ?? 0));
    expect(ages).toHaveLength(3);
    expect(Math.max(...ages)).toBeLessThan(-1000 * 366 * 86_400_000);
  });
});

describe("a listing", () => {
  const dated = "<LastModified>2026-11-23T04:00:00.000Z</LastModified>";
  const page =
    (keys: readonly string[]): Answer =>
    (_request, response) => {
      const contents = keys
        .map((one) => `<Contents><Key>${one}</Key><Size>1</Size>${dated}</Contents>`)
        .join("");
      response.writeHead(200, { "content-type": "application/xml" });
      response.end(
        `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`,
      );
    };

  it("passes over keys that are none of ours", async () => {
    const { store } = await standIn(page(["a", "b c", "c/", "d/../e", "f"]));
    const listed = await Array.fromAsync(store.list("", wait));
    expect(listed.map((stat) => stat.key)).toEqual(["a", "f"]);
  });

  it("out of order is not trusted", async () => {
    const { store } = await standIn(page(["b", "a"]));
    await expect(Array.fromAsync(store.list("", wait))).rejects.toMatchObject({ code: "store/protocol" });
  });
});
