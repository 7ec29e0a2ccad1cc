// Checks an audit log with nothing but Node: no package, and not a line that the service or its own verifier uses.
//
//   node verify.mjs LOG VKEY [--index N] [--all] [--since FILE] [--save FILE] [--header 'Name: value']
//
//   LOG     address of a log with C2SP tlog-tiles below it: LOG/checkpoint, LOG/tile/0/000.p/5, LOG/tile/entries/000.p/5
//   VKEY    verifier key of the log, got another way than from this address
//   --index N     which entry to prove, from 0; the newest one unless it is said
//   --all         read every entry and every tile, too
//   --since FILE  an earlier checkpoint: the log must go on from it. --save FILE: where to keep this one
//
// Exit code 0: everything holds. 1: something does not, or cannot be read; the reason is on standard error. 2: usage, such as
// an index that the log does not reach.
// Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-tiles; the tree is that of RFC 6962, 2.1.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const hashSize = 32;
const tileWidth = 256;

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leafHash = entry => sha256(Buffer.of(0), entry);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

const refuse = reason => { throw new Error(reason); };
const misuse = reason => { throw Object.assign(new Error(reason), { exitCode: 2 }); };

// Node skips what is no base64, and so accepts many spellings of the same bytes: one is enough.
function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : refuse(`this is no base64: ${text}`);
}

// Decimal digits without a sign or leading zeros, as exact as a number of JavaScript can be.
function decimal(text, fail = refuse) {
  const number = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(number) ? number : fail(`this is no size or index: ${text}`);
}

// --- Keys, notes, checkpoints

function parseKey(vkey) {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? refuse('this is no verifier key');
  const typed = base64(encoded);
  if (typed.length !== 1 + 32 || typed[0] !== 1) refuse('the verifier key is not of the kind Ed25519');
  if (sha256(name, '\n', typed).toString('hex', 0, 4) !== id) refuse('the verifier key does not have the id it says');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: typed.toString('base64url', 1) };
  return { name, id, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

// The text of a note that the key has signed. Lines of other keys, of witnesses perhaps, are not looked at.
function openNote(note, key) {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) refuse('this is no signed note');
  const text = note.slice(0, end + 1);
  let signed = false;
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? refuse(`this is no signature line: ${line}`);
    const signature = base64(encoded);
    if (name !== key.name || signature.toString('hex', 0, 4) !== key.id) continue;
    if (!verify(null, Buffer.from(text), key.publicKey, signature.subarray(4))) refuse('the signature is wrong');
    signed = true;
  }
  return signed ? text : refuse(`no signature by ${key.name} with the key ${key.id}`);
}

function openCheckpoint(note, key) {
  const [origin, size, root] = openNote(note, key).split('\n');
  if (origin !== key.name) refuse(`the checkpoint is that of another log: ${origin}`);
  const checkpoint = { origin, size: decimal(size), root: base64(root ?? '') };
  if (checkpoint.root.length !== hashSize) refuse('the root is no hash');
  return checkpoint;
}

// --- Tiles

// Reads tiles of a tree of that size, each as wide as the size implies, and each once.
function tilesOf(log, headers, size) {
  const tiles = new Map();

  // 1234067 is x001/x234/067.
  const path = number => String(number).padStart(Math.ceil(String(number).length / 3) * 3, '0')
    .match(/.{3}/g).map((digits, i, all) => (i < all.length - 1 ? 'x' : '') + digits).join('/');

  async function read(kind, level, number) {
    const hashes = Math.floor(size / tileWidth ** level);
    const width = Math.min(tileWidth, hashes - number * tileWidth);
    const full = `tile/${kind}/${path(number)}`;
    if (width === tileWidth) return { bytes: await get(log, full, headers), width };
    // The full one may have taken the place of a partial one.
    return { bytes: await get(log, `${full}.p/${width}`, headers, 404) ?? await get(log, full, headers), width };
  }

  function once(kind, level, number) {
    const name = `${kind}/${number}`;
    if (!tiles.has(name)) tiles.set(name, read(kind, level, number));
    return tiles.get(name);
  }

  return {
    // Hashes of a level from one on: level 0 has the leaves, each further one the roots of full tiles below it.
    async hashes(level, first, count) {
      const { bytes, width } = await once(level, level, Math.floor(first / tileWidth));
      if (bytes.length < width * hashSize) refuse(`a tile of level ${level} is too short`);
      const at = (first % tileWidth) * hashSize;
      return Array.from({ length: count }, (_, i) => bytes.subarray(at + i * hashSize, at + (i + 1) * hashSize));
    },

    // An entry of a bundle, in which two bytes with its length stand before each.
    async entry(index) {
      const { bytes } = await once('entries', 0, Math.floor(index / tileWidth));
      let at = 0;
      for (let skip = index % tileWidth; skip > 0 && at + 2 <= bytes.length; skip--) at += 2 + bytes.readUInt16BE(at);
      const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Infinity;
      return end <= bytes.length ? bytes.subarray(at + 2, end) : refuse(`the bundle ends before entry ${index}`);
    },
  };
}

async function get(log, path, headers, absent) {
  const response = await fetch(`${log.replace(/\/$/, '')}/${path}`, { headers, signal: AbortSignal.timeout(30_000) });
  if (response.ok) return Buffer.from(await response.arrayBuffer());
  return response.status === absent ? null : refuse(`${path} was answered with ${response.status}`);
}

// --- The tree

// The hash over leaves from start to before end. Whatever `given` knows of a part is taken as it is.
async function treeHash(start, end, given) {
  const known = await given(start, end);
  if (known) return known;
  let left = 1;
  while (left * 2 < end - start) left *= 2;
  return nodeHash(await treeHash(start, start + left, given), await treeHash(start + left, end, given));
}

// The same from tiles alone: a perfect subtree of height 8·L + h is 2^h hashes of tile level L, which lie in one tile.
const fromTiles = (tiles, start, end) => treeHash(start, end, async (from, to) => {
  let level = 0;
  let count = to - from;
  while (count > 0 && count % tileWidth === 0) [level, count] = [level + 1, count / tileWidth];
  if (!Number.isInteger(Math.log2(count)) || count >= tileWidth) return null; // not perfect: its halves are
  let hashes = await tiles.hashes(level, from / tileWidth ** level, count);
  while (hashes.length > 1) hashes = hashes.filter((_, i) => i % 2 === 0).map((hash, i) => nodeHash(hash, hashes[2 * i + 1]));
  return hashes[0];
});

// The root as it must be if the entry is where it is said to be: all but the way up from its leaf comes from tiles.
const rootWithEntry = (tiles, size, index, entry) => treeHash(0, size, (start, end) =>
  index < start || index >= end ? fromTiles(tiles, start, end) : end - start === 1 ? leafHash(entry) : null);

// Both roots from the same hashes: what is whole in the old tree stands in the new one unchanged, and side by side it
// makes the old root.
async function rootsOf(tiles, oldSize, size) {
  const shared = [];
  const root = await treeHash(0, size, async (start, end) => {
    if (start < oldSize && end > oldSize) return null;
    const hash = await fromTiles(tiles, start, end);
    if (end <= oldSize) shared.push(hash);
    return hash;
  });
  return { root, oldRoot: shared.reduceRight((right, left) => nodeHash(left, right)) };
}

// All entries in their order: every tile, of every level, has to hold what they make, and so has the root.
async function verifyAll(tiles, size, root) {
  let row = [];
  for (let index = 0; index < size; index++) row.push(leafHash(await tiles.entry(index)));
  const leaves = row;
  for (let level = 0; row.length > 0; level++) {
    for (let first = 0; first < row.length; first += tileWidth) {
      const made = row.slice(first, first + tileWidth);
      const read = await tiles.hashes(level, first, made.length);
      if (!made.every((hash, i) => hash.equals(read[i]))) refuse(`tile ${first / tileWidth} of level ${level} is not what the entries make`);
    }
    const full = Array.from({ length: Math.floor(row.length / tileWidth) }, (_, i) => row.slice(i * tileWidth, (i + 1) * tileWidth));
    row = await Promise.all(full.map(below => treeHash(0, tileWidth, (from, to) => to - from === 1 ? below[from] : null)));
  }
  const made = await treeHash(0, size, (from, to) => to - from === 1 ? leaves[from] : null);
  if (!made.equals(root)) refuse('the entries do not make the root');
}

// --- What is checked

async function check(log, key, { index, all, since, save, header = [] }) {
  const headers = header.map(line => line.split(/:\s*(.*)/s, 2));
  const note = String(await get(log, 'checkpoint', headers));
  const { origin, size, root } = openCheckpoint(note, key);
  console.log(`checkpoint: ${origin}, size ${size}, root ${root.toString('base64')}`);
  if (size === 0 && !root.equals(sha256(''))) refuse('the root of a log without entries is another one');

  const tiles = tilesOf(log, headers, size);
  if (size > 0 || index !== undefined) {
    const number = index === undefined ? size - 1 : decimal(index, misuse);
    if (number >= size) misuse(`there is no entry ${number} in a log of size ${size}`);
    const entry = await tiles.entry(number);
    if (!root.equals(await rootWithEntry(tiles, size, number, entry))) refuse(`entry ${number} does not lead to the root`);
    console.log(`inclusion: entry ${number} is ${entry}`);
  }

  if (all && size > 0) {
    await verifyAll(tiles, size, root);
    console.log(`all: ${size} entries make every tile and the root`);
  }

  if (since !== undefined) {
    const old = openCheckpoint(readFileSync(since, 'utf8'), key);
    if (old.size > size) refuse(`the log had ${old.size} entries and has ${size}`);
    if (old.size === size && !old.root.equals(root)) refuse('there are two roots of one size');
    if (old.size > 0 && old.size < size) {
      const both = await rootsOf(tiles, old.size, size);
      if (!both.oldRoot.equals(old.root) || !both.root.equals(root)) refuse(`the log does not go on from size ${old.size}`);
    }
    console.log(`consistency: the log goes on from size ${old.size}`);
  }

  if (save !== undefined) writeFileSync(save, note);
}

const usage = "usage: node verify.mjs LOG VKEY [--index N] [--all] [--since FILE] [--save FILE] [--header 'Name: value']";

function readArguments() {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }];
  const options = { index: text, all: flag, since: text, save: text, header: { ...text, multiple: true }, help: flag };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }

    return positionals.length === 2 ? [...positionals, values] : refuse('LOG and VKEY are needed');
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

const [log, vkey, options] = readArguments();
try {
  await check(log, parseKey(vkey), options);
} catch (error) {
  process.exitCode = error.exitCode ?? 1;
  console.error(error.exitCode ? error.message : `refused: ${error.cause?.message ?? error.message}`);
}
