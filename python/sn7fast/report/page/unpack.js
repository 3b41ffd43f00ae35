// Bytes of the page: base64, DEFLATE, varints. The other side is sn7fast/report/packing.py.

/** Bytes of a block of the page, which is taken out to give its memory back. */
function takeBytes(id) {
  const block = byId(id);
  const text = atob(block.textContent);
  block.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The header, with a function that gives a column by name. */
async function unpackContent() {
  const bytes = await inflated(takeBytes("content"));
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const column = (name) => {
    const place = header.columns[name];
    if (place === undefined) return new Uint8Array(0);
    const start = 4 + length + place[0];
    return bytes.subarray(start, start + place[1]);
  };
  return { header, column };
}

/** A function that gives the next number each time. */
function varintReader(bytes) {
  let at = 0;
  return () => {
    let byte = bytes[at++];
    if (byte < 128) return byte;
    let value = byte & 127;
    let unit = 128;
    do {
      byte = bytes[at++];
      value += (byte & 127) * unit;
      unit *= 128;
    } while (byte >= 128);
    return value;
  };
}

/** How many varints there are: each ends with a byte below 128. */
function varintCount(bytes) {
  let count = 0;
  for (let i = 0; i < bytes.length; i += 1) count += bytes[i] >> 7 ^ 1;
  return count;
}

const unfolded = (value) => (value % 2 ? -(value + 1) / 2 : value / 2);
