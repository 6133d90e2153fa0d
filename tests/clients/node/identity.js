// Who calls, signed as strangler_protos.identity does it: HMAC-SHA256 over the identity's own bytes.
import { createHash, createHmac, randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeBinaryHeader } from "@connectrpc/connect";
import { IdentitySchema, SignedIdentitySchema } from "./gen/strangler_protos/v1/identity_pb.js";

const LIFETIME_MS = 30_000;

// Bytes of a SignedIdentity for one call of `method` ("/package.Service/Method") with these message bytes.
// `caller` has subject, authenticator, scopes, tenant and isStaff, as far as they are known; `key` is bytes.
export function sign(caller, { kid, key, method, message, safe = true, nowMs = Date.now() }) {
  const identity = toBinary(
    IdentitySchema,
    create(IdentitySchema, {
      ...caller,
      audience: method.split("/")[1],
      method,
      digest: createHash("sha256").update(message).digest(),
      issuedAt: BigInt(nowMs),
      expiresAt: BigInt(nowMs + LIFETIME_MS),
      // A write's identity is accepted once.
      nonce: safe ? new Uint8Array() : randomBytes(16),
    }),
  );
  const mac = createHmac("sha256", key).update(kid).update("\0").update(identity).digest();
  return toBinary(SignedIdentitySchema, create(SignedIdentitySchema, { kid, identity, mac }));
}

// An interceptor of Connect that signs each call; `isSafe(rpc)` says which RPCs write nothing.
export function signing(caller, { kid, key, isSafe }) {
  return (next) => (request) => {
    const method = `/${request.service.typeName}/${request.method.name}`;
    // The transport writes the same bytes again.
    const message = toBinary(request.method.input, request.message);
    const token = sign(caller, { kid, key, method, message, safe: isSafe(request.method) });
    request.header.set("strangler-identity-bin", encodeBinaryHeader(token));
    return next(request);
  };
}
