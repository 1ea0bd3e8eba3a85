/** Top-level types that never hold a text to read. */
const mediaTypes = new Set(["image", "video", "audio", "font", "model"]);
/** Applications that are no documents. `octet-stream` is looked at by name. */
const binaryTypes = new Set([
  "application/zip",
  "application/gzip",
  "application/x-gzip",
  "application/x-tar",
  "application/x-7z-compressed",
  "application/x-rar-compressed",
  "application/vnd.rar",
  "application/x-bzip2",
  "application/x-xz",
  "application/java-archive",
  "application/x-msdownload",
  "application/x-apple-diskimage",
  "application/vnd.android.package-archive",
  "application/vnd.debian.binary-package",
  "application/x-iso9660-image",
  "application/wasm",
  "application/javascript",
  "application/x-javascript",
  "text/javascript",
  "text/css",
]);
const binaryExtensions =
  /\.(?:zip|gz|tgz|tar|7z|rar|bz2|xz|zst|exe|msi|dmg|iso|img|apk|deb|rpm|jar|war|bin|dll|so|wasm|woff2?|ttf|otf|eot|mp[34]|m4[av]|avi|mov|mkv|webm|flac|ogg|wav|png|jpe?g|gif|webp|avif|ico|bmp|tiff?|psd|sqlite|db|parquet|onnx|safetensors|pt|npz?)$/i;

/** True when the headers alone show that the answer is no document; when in doubt, false: the bytes decide. */
export function isPlainlyNoDocument(contentType: string, url: URL): boolean {
  const type = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  // SVG is XML with text in it, but a picture all the same.
  if (mediaTypes.has(type.split("/", 1)[0] ?? "") || binaryTypes.has(type)) return true;
  return (
    (type === "application/octet-stream" || type === "binary/octet-stream") &&
    binaryExtensions.test(url.pathname)
  );
}
