import Primitives
import Signatures

/// One way in which a tree is not what its listing says, or two listings differ.
package struct TreeDifference: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case missing
        case extra
        case type
        case mode
        case size
        case content
        case link
        /// The file could not be read.
        case unreadable
    }

    package let path: ByteString
    package let kind: Kind
    /// What was expected and found, where a word says it: a type, a mode, a size, a digest or a target.
    package let expected: String?
    package let found: String?

    package init(_ path: ByteString, _ kind: Kind, expected: String? = nil, found: String? = nil) {
        self.path = path
        self.kind = kind
        self.expected = expected?.escapingUnprintable()
        self.found = found?.escapingUnprintable()
    }
}

extension TreeDifference: CustomStringConvertible {
    /// `path: kind` and what was found and expected.
    package var description: String {
        let data = [found.map { "found \($0)" }, expected.map { "expected \($0)" }].compactMap(\.self)
        return "\(path): \(kind.rawValue)" + (data.isEmpty ? "" : " (\(data.joined(separator: ", ")))")
    }
}

extension TreeListing {
    /// What is different in this listing, taking `expected` for right; in byte order of paths.
    package func differences(from expected: TreeListing) -> [TreeDifference] {
        var result: [TreeDifference] = []
        var mine = entries[...]
        var theirs = expected.entries[...]
        while let entry = mine.first ?? theirs.first {
            switch (mine.first, theirs.first) {
            case (let left?, let right?) where left.path == right.path:
                if let difference = left.difference(from: right) { result.append(difference) }
                mine.removeFirst()
                theirs.removeFirst()
            case (let left?, let right?) where left.path < right.path:
                result.append(TreeDifference(left.path, .extra))
                mine.removeFirst()
            case (_?, nil):
                result.append(TreeDifference(entry.path, .extra))
                mine.removeFirst()
            case (_, let right?):
                result.append(TreeDifference(right.path, .missing))
                theirs.removeFirst()
            case (nil, nil): break
            }
        }
        return result
    }
}

extension TreeEntry {
    /// The first way in which this entry is not `expected`, or nil.
    package func difference(from expected: TreeEntry) -> TreeDifference? {
        switch (kind, expected.kind) {
        case (.directory, .directory): nil
        case (.link(let target), .link(let wanted)):
            target == wanted ? nil : TreeDifference(path, .link, expected: "\(wanted)", found: "\(target)")
        case (
            .file(let size, let sha256, let executable), .file(let wantedSize, let wantedDigest, let wantedExecutable)
        ):
            if executable != wantedExecutable {
                TreeDifference(path, .mode, expected: expected.modeText, found: modeText)
            } else if size != wantedSize {
                TreeDifference(path, .size, expected: "\(wantedSize)", found: "\(size)")
            } else if sha256 != wantedDigest {
                TreeDifference(path, .content, expected: sha256Text(wantedDigest), found: sha256Text(sha256))
            } else {
                nil
            }
        default: TreeDifference(path, .type, expected: expected.typeText, found: typeText)
        }
    }

    package var modeText: String { "0" + String(mode, radix: 8) }

    package var typeText: String {
        switch kind {
        case .directory: "directory"
        case .file: "file"
        case .link: "link"
        }
    }

    private func sha256Text(_ digest: Digest) -> String { "sha256 \(digest)" }
}
