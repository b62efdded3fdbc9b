import Primitives

/// The partial tiles and bundles that a folder holds, whatever checkpoint they were for.
struct NarrowerFiles {
    private var files: [ByteString: [(width: Int, path: PublishedPath)]] = [:]

    /// - Parameter folder: where below `log/` the log is, with a slash at its end, or empty.
    init(_ entries: [PublishedEntry], in folder: ByteString) {
        let (before, prefix) = ("log/\(folder)", Array("log/\(folder)tile/".utf8))
        for entry in entries where entry.path.bytes.starts(with: prefix) {
            guard case .file = entry.kind, let (full, width) = Self.split(entry.path.description, before) else {
                continue
            }
            let path = PublishedPath.log(ByteString(Array(entry.path.bytes.dropFirst("log/".utf8.count))))
            files[full, default: []].append((width, path))
        }
    }

    /// The widths that are there of a tile or bundle, by the path of the full one in the log.
    func of(_ full: ByteString) -> [(width: Int, path: PublishedPath)] { files[full] ?? [] }

    /// `log/tile/0/000.p/5` is `tile/0/000` of width 5. A number in another spelling is none.
    private static func split(_ path: String, _ before: String) -> (full: ByteString, width: Int)? {
        guard let range = path.firstRange(of: ".p/"), let width = Int(path[range.upperBound...]), 1...255 ~= width,
            "\(width)" == path[range.upperBound...]
        else { return nil }
        return (ByteString(path[..<range.lowerBound].dropFirst(before.count)), width)
    }
}
