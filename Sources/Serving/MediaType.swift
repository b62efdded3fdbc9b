/// The `Content-Type` of a file, from its path alone: nothing is guessed from content, and `nosniff` keeps browsers from it.
enum MediaType {
    static func of(_ file: PublishedFile) -> String {
        // A checkpoint's name is the log format's; tiles have none that says anything.
        if LogPath.isCheckpoint(file.path) { return text }
        let name = file.name
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return unknown }
        return types[String(decoding: name[(dot + 1)...], as: UTF8.self)] ?? unknown
    }

    private static let unknown = "application/octet-stream"
    private static let text = "text/plain; charset=utf-8"

    private static let types = [
        "atom": "application/atom+xml",
        "css": "text/css; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "json": "application/json",
        "md": "text/markdown; charset=utf-8",
        "minisig": text,
        "mtree": text,
        "svg": "image/svg+xml",
        "tlog-proof": text,
        "txt": text,
        "xml": "application/xml",
        "zst": "application/zstd",
    ]
}
