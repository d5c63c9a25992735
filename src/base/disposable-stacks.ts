/** What Node 24 has and the oldest runtime of `engines` lacks, for the whole process. */
import "core-js/es/async-disposable-stack/index.js";
import "core-js/es/suppressed-error.js";
