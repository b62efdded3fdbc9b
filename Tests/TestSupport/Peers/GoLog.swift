import Foundation
import Primitives
import Synchronization
import SystemPackage

/// Go's transparency log code (golang.org/x/mod/sumdb) as a second opinion on a published log. The program,
/// `Tests/Peers/tlog_check`, is built once in a run.
package enum GoLog {
    /// What it found, and proofs that it made itself at sampled sizes.
    package struct Reading {
        package var size = 0
        /// In hexadecimal.
        package var root = ""
        /// Times by the witnesses' names.
        package var cosigned: [String: Int] = [:]
        /// The size of each proof's tree, by file name.
        package var proofs: [String: Int] = [:]
        package var inclusion: [Proof] = []
        package var consistency: [Proof] = []
    }

    package struct Proof: Hashable, Sendable {
        /// The index of the entry, or the size of the older tree.
        package let first: Int
        package let size: Int
        /// In hexadecimal.
        package let hashes: [String]
    }

    /// Checks everything in the folder. Throws `PeerProgram.Objection` with what Go objects to.
    ///
    /// - Parameter log: the folder with `checkpoint`.
    package static func check(_ log: FilePath, key: ByteString, witnesses: [ByteString] = []) throws -> Reading {
        let program = try built.withLock { slot in
            let program = try slot ?? build()
            slot = program
            return program
        }
        let printed = try PeerProgram.run(program, [log.string, key.description] + witnesses.map(\.description))
        return try printed.split(separator: "\n").reduce(into: Reading()) { try $0.read($1) }
    }

    private static let built = Mutex<String?>(nil)

    private static func build() throws -> String {
        let sources = try FileManager.default.contentsOfDirectory(atPath: "Tests/Peers/tlog_check")
            .filter { $0.hasSuffix(".go") }.map { "Tests/Peers/tlog_check/\($0)" }
        guard let go = ["/usr/bin/go", "/usr/local/go/bin/go"].first(where: FileManager.default.isExecutableFile) else {
            throw PeerProgram.Objection(description: "go is missing: run Scripts/install-dependencies test")
        }
        let folder = FileManager.default.currentDirectoryPath + "/.build/peers"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let program = folder + "/tlog_check"
        // Debian's packages lie where GOPATH mode finds them; nothing is fetched.
        let environment = [
            "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": folder + "/go-cache", "GOFLAGS": "",
        ]
        _ = try PeerProgram.run(go, ["build", "-o", program] + sources.sorted(), environment: environment)
        return program
    }
}

extension GoLog.Reading {
    fileprivate mutating func read(_ line: Substring) throws {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("log", 3): (size, root) = (Int(words[1]) ?? -1, words[2])
        case ("cosigned", 3): cosigned[words[1]] = Int(words[2])
        case ("proof", 3): proofs[words[1]] = Int(words[2])
        case ("inclusion", 3...): inclusion.append(Self.proof(words))
        case ("consistency", 3...): consistency.append(Self.proof(words))
        default: throw PeerProgram.Objection(description: "tlog_check printed: \(line)")
        }
    }

    private static func proof(_ words: [String]) -> GoLog.Proof {
        GoLog.Proof(first: Int(words[1]) ?? -1, size: Int(words[2]) ?? -1, hashes: Array(words[3...]))
    }
}
