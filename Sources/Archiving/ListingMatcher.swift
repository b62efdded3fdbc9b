import Primitives
import Releases

/// Holds an archive against its listing, entry by entry: each must be safe in itself and be the next one listed.
final class ListingMatcher {
    private let listing: TreeListing
    private let policy: TreePathPolicy
    private var position = 0

    init(_ listing: TreeListing, _ limits: TreeLimits) {
        self.listing = listing
        policy = TreePathPolicy(limits: limits)
    }

    /// The listed entry that `header` is, or a fault that says why it is none.
    func next(_ header: TarReader.Header) throws -> TreeEntry {
        try policy.check(path: header.path)
        if case .link(let target) = header.kind { try policy.check(link: header.path, target: target) }
        guard header.mode & 0o7000 == 0 else {
            throw ArchiveFault(.unsafeMode, found: octal(header.mode), at: header.path.description)
        }
        guard position < listing.entries.count, listing.entries[position].path == header.path else {
            throw misplaced(header.path)
        }
        let entry = listing.entries[position]
        position += 1
        try check(header, entry)
        return entry
    }

    /// Throws unless every listed entry was there.
    func finish() throws {
        guard position == listing.entries.count else { throw missing() }
    }

    private func misplaced(_ path: ByteString) -> ArchiveFault {
        guard listing.entry(at: path) != nil else { return ArchiveFault(.unlistedEntry, at: path.description) }
        if listing.entries[..<position].contains(where: { $0.path == path }) {
            return ArchiveFault(.duplicateEntry, at: path.description)
        }
        return missing(before: path)
    }

    private func missing(before path: ByteString? = nil) -> ArchiveFault {
        ArchiveFault(
            .missingEntry, found: path.map { "\"\($0)\"" } ?? "the end",
            expected: position < listing.entries.count ? "\"\(listing.entries[position].path)\"" : nil)
    }

    private func check(_ header: TarReader.Header, _ entry: TreeEntry) throws {
        guard let (found, expected) = difference(header, entry) else { return }
        throw ArchiveFault(.wrongEntry, found: found, expected: expected, at: entry.path.description)
    }

    private func difference(_ header: TarReader.Header, _ entry: TreeEntry) -> (found: String, expected: String)? {
        switch (header.kind, entry.kind) {
        case (.file(let size), .file(let wanted, _, _)) where size != wanted: ("\(size) bytes", "\(wanted)")
        case (.link(let target), .link(let wanted)) where target != wanted: ("a link to \"\(target)\"", "\"\(wanted)\"")
        case (.directory, .directory), (.file, .file), (.link, .link):
            header.mode == entry.mode ? nil : (octal(header.mode), octal(entry.mode))
        default: (header.kind.name, entry.typeText)
        }
    }

    private func octal(_ mode: UInt32) -> String { "mode 0\(String(mode, radix: 8))" }
}

extension TarReader.Header.Kind {
    fileprivate var name: String {
        switch self {
        case .directory: "directory"
        case .file: "file"
        case .link: "link"
        }
    }
}
