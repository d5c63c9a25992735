/** What a scrub looks at. */
import type { TenantId } from "../model/ids.ts";
import type { Library } from "../repository/library.ts";
import type { ObjectReader } from "../stores/store.ts";

export interface Examination {
  readonly tenant: TenantId;
  /** At the pace that is allowed. */
  readonly store: ObjectReader;
  /** Of all stores of the tenant. */
  readonly library: Library;
}
