import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { hostBuiltins } from './builtins/table.ts';
import { isJsonArray } from './json-array.ts';

/** Compiled into the Wasm itself by `opa build`; the rest of Rego's builtins are asked of the host. */
const nativeBuiltins: ReadonlySet<string> = new Set(
  `
  abs and all any array.concat array.flatten array.reverse array.slice assign base64.decode base64.encode
  base64.is_valid base64url.decode base64url.encode bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor ceil concat
  contains count div endswith eq equal floor format_int glob.match graph.reachable gt gte indexof internal.member_2
  internal.member_3 internal.print internal.template_string intersection is_array is_boolean is_null is_number
  is_object is_set is_string json.filter json.is_valid json.marshal json.remove json.unmarshal lower lt lte max min
  minus mul neq net.cidr_contains net.cidr_intersects net.cidr_overlap numbers.range object.filter object.get
  object.keys object.remove object.union object.union_n or plus print product re_match
  regex.find_all_string_submatch_n regex.is_valid regex.match rego.metadata.chain rego.metadata.rule rem replace round
  set_diff sort split startswith strings.replace_n strings.reverse substring sum to_number trim trim_left trim_prefix
  trim_right trim_space trim_suffix type_name union upper walk
  `
    .trim()
    .split(/\s+/),
);

/** Builtins that would make a decision depend on more than its input, or reach out of it. */
export const bannedBuiltins: Readonly<Record<string, string>> = {
  'http.send': 'it reaches the network; put what the policy needs into its input',
  'net.lookup_ip_addr': 'it reaches the network; put what the policy needs into its input',
  'opa.runtime': 'it reads the environment of the server',
  'rego.parse_module': 'it compiles code while deciding',
  'time.now_ns': 'the same input must always give the same decision; use input.request.timestamp_ns',
  'rand.intn': 'the same input must always give the same decision',
  'uuid.rfc4122': 'the same input must always give the same decision',
  trace: 'it writes to a debugger that is not there; drop the call',
  'io.jwt.decode_verify': 'it reads the clock; verify tokens before they reach the policy',
  'io.jwt.encode_sign': 'signing draws random numbers',
  'io.jwt.encode_sign_raw': 'signing draws random numbers',
  'providers.aws.sign_req': 'it signs requests with secrets, which a policy must not hold',
};

const NOT_EXACT = 'its answers are those of one library and cannot be given alike here';
const NO_KEYS = 'a policy must not hold private keys';

/** Builtins that are left out, because they would answer otherwise than `opa eval` does, or are of no use here. */
export const missingBuiltins: Readonly<Record<string, string>> = {
  'crypto.parse_private_keys': NO_KEYS,
  'crypto.x509.parse_keypair': NO_KEYS,
  'crypto.x509.parse_rsa_private_key': NO_KEYS,
  'crypto.x509.parse_and_verify_certificates': 'it reads the clock',
  'crypto.x509.parse_and_verify_certificates_with_options': NOT_EXACT,
  'crypto.x509.parse_certificate_request': NOT_EXACT,
  'crypto.x509.parse_certificates': NOT_EXACT,
  'graphql.is_valid': NOT_EXACT,
  'graphql.parse': NOT_EXACT,
  'graphql.parse_and_verify': NOT_EXACT,
  'graphql.parse_query': NOT_EXACT,
  'graphql.parse_schema': NOT_EXACT,
  'graphql.schema_is_valid': NOT_EXACT,
  'json.match_schema': `${NOT_EXACT}; test the fields that matter with is_string, is_number and the like`,
  'json.verify_schema': NOT_EXACT,
  'regex.globs_match': `${NOT_EXACT}; use glob.match or regex.match`,
  'strings.render_template': `${NOT_EXACT}; use sprintf`,
  'yaml.marshal': `${NOT_EXACT}; use json.marshal`,
};

/** Our own builtins, declared to the compiler in its own notation. */
export const ownDeclarations: readonly JsonObject[] = [
  {
    name: 'sanitized',
    description: 'The hex digits of the last 8 bytes of the SHA-256 of a value: compare secrets without seeing them.',
    decl: { type: 'function', args: [{ type: 'any' }], result: { type: 'string' } },
  },
];

/**
 * The capabilities file handed to `opa`: what this version of the tool knows, less what we ban or lack, plus our own.
 * An empty `allow_net` keeps the compiler itself from fetching schemas that a policy refers to by URL.
 *
 * @param current what `opa capabilities --current` printed
 */
export function allowedCapabilities(current: Json): JsonObject {
  const known = isJsonObject(current) && isJsonArray(current['builtins']) ? current['builtins'] : [];
  const builtins = known.filter((builtin) => isJsonObject(builtin) && isAllowed(builtin['name']));
  return { ...(isJsonObject(current) ? current : {}), builtins: [...builtins, ...ownDeclarations], allow_net: [] };
}

function isAllowed(name: Json | undefined): boolean {
  return typeof name === 'string' && (nativeBuiltins.has(name) || Object.hasOwn(hostBuiltins, name));
}
