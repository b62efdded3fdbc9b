import Primitives
import Signatures

/// Checks a file against what is stated of it while its bytes go by. Not for use from two threads at once.
package final class FileCheck {
    private let facts: FileFacts
    private let hashers: [(algorithm: HashAlgorithm, digest: MessageDigest)]
    private var count = 0

    package init(_ facts: FileFacts) {
        self.facts = facts
        hashers = facts.knownHashes.map { ($0.algorithm, MessageDigest($0.algorithm)) }
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        count += bytes.count
        for hasher in hashers { hasher.digest.update(bytes) }
    }

    /// Throws unless the bytes so far have the stated length and every stated hash of a known kind. If hashes are stated
    /// but none is of a known kind, nothing is proved, and that is a refusal.
    package func finish(at place: String) throws(MetadataFault) {
        if let length = facts.length, length != count {
            throw MetadataFault(.wrongLength, found: "\(count) bytes", expected: "\(length) bytes", at: place)
        }
        try facts.checkKnownHash(at: place)
        for (algorithm, digest) in hashers {
            let found = Hex.encode(digest.finish())
            guard let expected = facts.hashes[ByteString(algorithm.rawValue)], ByteString(found) == expected else {
                let stated = facts.hashes[ByteString(algorithm.rawValue)]?.description
                throw MetadataFault(.wrongHash, found: "\(algorithm.rawValue) \(found)", expected: stated, at: place)
            }
        }
    }
}

extension FileFacts {
    /// The stated hashes that we can compute, SHA-256 first.
    package var knownHashes: [(algorithm: HashAlgorithm, hex: ByteString)] {
        HashAlgorithm.allCases.compactMap { algorithm in
            hashes[ByteString(algorithm.rawValue)].map { (algorithm, $0) }
        }
    }

    /// Throws when hashes are stated, but none of a kind that we know.
    package func checkKnownHash(at place: String) throws(MetadataFault) {
        guard hashes.isEmpty || !knownHashes.isEmpty else {
            let names = hashes.keys.map(\.description).sorted().joined(separator: ", ")
            throw MetadataFault(.unknownHash, found: names, at: place)
        }
    }
}
