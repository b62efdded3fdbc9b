import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Publishing
import TUF
import TestSupport
import Testing

/// A reviewer must not miss anything that a signature covers: whatever is changed in what is staged, the review changes
/// too, or refuses to read it.
@Suite struct `Nothing that a signature covers changes without a word` {
    /// Every place in a JSON value at which something can be changed, and how.
    private static func mutations(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .object(let object):
            var result = [JSONValue.object(object.with("x-added", "here"))]
            for member in object.members {
                result.append(.object(object.with(member.name, nil)))
                result += mutations(member.value).map { .object(object.with(member.name, $0)) }
            }
            return result
        case .array(let elements):
            // The order of key ids means nothing; nor does that of delegations whose paths are their own.
            var result: [JSONValue] = [.array(elements + ["added"])]
            for (index, element) in elements.enumerated() {
                var rest = elements
                rest.remove(at: index)
                result.append(.array(rest))
                for changed in mutations(element) {
                    rest = elements
                    rest[index] = changed
                    result.append(.array(rest))
                }
            }
            return result
        case .string(let text):
            // A hexadecimal digit becomes another, so that keys and hashes stay such.
            let last: UInt8 = text.bytes.last == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
            return [.string(ByteString(text.bytes.dropLast() + [last])), .string(ByteString(text.bytes + [last]))]
        case .integer(let number): return [.integer(number + 1)]
        case .bool(let flag): return [.bool(!flag)]
        case .null: return ["no longer null"]
        }
    }

    @Test(arguments: ["2.root.json", "2.targets.json", "2.suite-stable.json"])
    func `in any field of`(_ fileName: String) throws {
        let association = try Association.releasedCopy()
        try association.propose {
            $0.add = [try association.publicFile("dave")]
            $0.channels = [try ChannelNames.beta()]
        }
        try association.addWithHooks("2.0", `A release with hooks`.yaml)
        let path = "w/Staged/metadata/\(fileName)"
        let original = try #require(try association.folder.read(path))
        guard case .object(let file) = try JSONValue.decode(original), let signed = file["signed"] else { return }
        let before = try Self.said(association)
        var counts = (said: 0, refused: 0)
        for mutation in Self.mutations(signed) where mutation != signed {
            let bytes = JSONValue.object(file.with("signed", mutation)).fileEncoding
            try association.folder.write(bytes, to: path)
            guard let after = try? Self.said(association) else {
                counts.refused += 1
                continue
            }
            counts.said += 1
            #expect(after != before, "\(JSONDifferenceText.of(signed, mutation))")
        }
        #expect(counts.said > 20 && counts.refused > 5, "\(counts)")
    }

    /// All that a person would see of it; the version is in the table of roles.
    private static func said(_ association: Association) throws -> [String] {
        let review = try association.review()
        return review.changes.flatMap { [$0.sentence] + $0.details } + review.newKeys.map { "\($0.mention.id)" }
            + review.roles.map { "\($0.role) \($0.version)" }
    }
}

/// For a failing expectation: what was mutated.
private enum JSONDifferenceText {
    static func of(_ left: JSONValue, _ right: JSONValue) -> String {
        let (first, second) = (Array(left.lineEncoding), Array(right.lineEncoding))
        let common = zip(first, second).prefix { $0 == $1 }.count
        let start = max(0, common - 80)
        return String(decoding: second[start..<min(second.count, common + 60)], as: UTF8.self)
    }
}
