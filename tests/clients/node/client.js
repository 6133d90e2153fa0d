// A client of the catalog: node client.js ADDRESS KID KEY SUBJECT
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { CatalogService, CourseSchema, ListCoursesResponseSchema } from "./gen/banyan/catalog/v1/catalog_pb.js";
import { HttpErrorSchema } from "./gen/strangler_protos/v1/http_pb.js";
import { documentOf } from "./document.js";
import { signing } from "./identity.js";

const [address, kid, key, subject] = process.argv.slice(2);
const baseUrl = `http://${address}`;
const sessionManager = new Http2SessionManager(baseUrl);
const isSafe = (rpc) => !rpc.name.startsWith("Create");
const catalog = createClient(
  CatalogService,
  createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [signing({ subject }, { kid, key: Buffer.from(key, "hex"), isSafe })],
  }),
);

// What links in the answer are made of.
function http(method, path, rest = {}) {
  return { method, scheme: "http", host: "testserver", path, ...rest };
}

// The HTTP error behind a failed call; a failure without one is the infrastructure's.
async function refused(call) {
  try {
    // An error over 4 KiB comes with a success.
    return { code: "OK", http: (await call).stranglerHttp?.error };
  } catch (error) {
    const failure = ConnectError.from(error);
    return { code: Code[failure.code], http: failure.findDetails(HttpErrorSchema)[0] };
  }
}

const list = await catalog.listCourses({ stranglerHttp: http("GET", "/api/v1/courses/", { query: "page_size=2" }) });
const first = documentOf(ListCoursesResponseSchema, list);
const pk = String(first.results[0].id);
const course = await catalog.getCourse({ pk, stranglerHttp: http("GET", `/api/v1/courses/${pk}/`) });
const missing = await refused(catalog.getCourse({ pk: "404", stranglerHttp: http("GET", "/api/v1/courses/404/") }));
const body = new TextEncoder().encode(JSON.stringify({ stars: 6 }));
const review = await refused(
  catalog.createReview({
    pk,
    stranglerHttp: http("POST", `/api/v1/courses/${pk}/reviews/`, { body, contentType: "application/json" }),
  }),
);
const strange = "x".repeat(5000);
const large = await refused(
  catalog.listCourses({ stranglerHttp: http("GET", "/api/v1/courses/", { query: `level=${strange}` }) }),
);
sessionManager.abort();

// JSON.stringify has no word for a BigInt.
const said = { list: first, course: documentOf(CourseSchema, course), missing, review, large };
const text = JSON.stringify(said, (_, value) => (typeof value === "bigint" ? `bigint:${value}` : value));
console.log(text.replaceAll(/"bigint:(-?\d+)"/g, "$1"));
