import Foundation
import Primitives
import Testing
import TransparencyLog

/// The vectors about notes in `Tests/Vectors/tlog`; its README says who made them.
enum NoteVectors {
    struct Notes: Decodable {
        let cases: [Case]

        struct Case: Decodable {
            let name: String
            let noteBase64: String
            let noteOpen: String
            let checkpoint: String?
            let verified: [String]?
        }
    }

    struct SignedCheckpoint: Decodable {
        let body: String
        let logSigned: String
        let logAndW1W2: String
        let w1SignedMessage: String
        let w1Timestamp: String
    }

    struct Keys: Decodable {
        let log: Key
        let witnesses: [Key]

        struct Key: Decodable {
            let name: String
            let publicHex: String
            let noteVkey: String
            let noteKeyId: String
            let cosignatureVkey: String
            let cosignatureKeyId: String
        }
    }

    struct Exchange: Decodable {
        let name: String
        let request: String
        let specStatus: String
    }

    struct SpecificationExample: Decodable {
        let vkey: String
        let note: String
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Vectors/tlog")
        return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    static func load<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(bytes(name)))
    }

    static func notes() throws -> [Notes.Case] {
        let cases = try load("notes.json", as: Notes.self).cases
        try #require(cases.count == 24)
        return cases
    }

    static func checkpoints() throws -> [Int: SignedCheckpoint] {
        let checkpoints = try load("checkpoints.json", as: [String: SignedCheckpoint].self)
        try #require(checkpoints.count == 4)
        return Dictionary(
            uniqueKeysWithValues: try checkpoints.map { (try #require(Int($0.key)), $0.value) })
    }

    static func logKey() throws -> NoteKey {
        try NoteKey(vkey: ByteString(load("keys.json", as: Keys.self).log.noteVkey))
    }

    static func witnessKeys() throws -> [NoteKey] {
        let keys = try load("keys.json", as: Keys.self).witnesses.map {
            try NoteKey(vkey: ByteString($0.cosignatureVkey))
        }
        try #require(keys.count == 3)
        return keys
    }

    static func policy() throws -> WitnessPolicy { try WitnessPolicy(decoding: ByteString(bytes("policy.txt"))) }
}

extension NoteVectors.Notes.Case {
    func bytes() throws -> [UInt8] { Array(try #require(Data(base64Encoded: noteBase64))) }
}
