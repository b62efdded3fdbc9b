import Primitives

/// The version of a release: one to four numbers with dots, then perhaps `-` and a pre-release, then perhaps `+` and
/// build words (semantic versioning's, widened to other counts of numbers). At most 64 ASCII characters.
///
/// The text is safe as a folder name. Order: numbers (missing ones are zero), a pre-release before its release,
/// pre-release words as semantic versioning has them, and last the text, so that only equal texts are equal.
package struct Version: Hashable, Sendable {
    package static let maximumBytes = 64

    package let text: ByteString
    private let numbers: [DecimalNumber]
    private let prerelease: [PrereleaseWord]

    package init(_ text: ByteString) throws(ReleaseFault) {
        guard let parts = Self.parse(text) else {
            throw ReleaseFault(
                .invalidVersion, found: "\"\(text)\"", expected: "a version such as 2.12.0 or 3.0-beta.1")
        }
        self.text = text
        numbers = parts.numbers
        prerelease = parts.prerelease
    }

    package init(_ text: String) throws(ReleaseFault) {
        try self.init(ByteString(text))
    }

    package var isPrerelease: Bool { !prerelease.isEmpty }

    private static func parse(_ text: ByteString) -> (numbers: [DecimalNumber], prerelease: [PrereleaseWord])? {
        guard text.count <= maximumBytes else { return nil }
        let plus = UInt8(ascii: "+")
        let dash = UInt8(ascii: "-")
        let build = text.bytes.split(separator: plus, maxSplits: 1, omittingEmptySubsequences: false)
        guard let main = build.first, build.dropFirst().allSatisfy({ words($0) != nil }) else { return nil }
        let halves = main.split(separator: dash, maxSplits: 1, omittingEmptySubsequences: false)
        guard let core = halves.first else { return nil }
        let numbers = core.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { DecimalNumber($0) }
        guard (1...4).contains(numbers.count), !numbers.contains(nil) else { return nil }
        guard halves.count == 2, let second = halves.last else { return (numbers.compactMap(\.self), []) }
        guard let words = words(second) else { return nil }
        return (numbers.compactMap(\.self), words.map { PrereleaseWord($0) })
    }

    /// Words of letters, digits and dashes between dots, or nil.
    private static func words(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        let words = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let valid = words.allSatisfy { word in
            !word.isEmpty && word.allSatisfy { $0.isASCIILetter || $0.isDigit || $0 == UInt8(ascii: "-") }
        }
        return valid ? words : nil
    }
}

extension Version: Comparable {
    package static func == (left: Version, right: Version) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    package static func < (left: Version, right: Version) -> Bool {
        for index in 0..<max(left.numbers.count, right.numbers.count) {
            let one = index < left.numbers.count ? left.numbers[index] : .zero
            let other = index < right.numbers.count ? right.numbers[index] : .zero
            if one != other { return one < other }
        }
        if left.isPrerelease != right.isPrerelease { return left.isPrerelease }
        if left.prerelease != right.prerelease { return left.prerelease.lexicographicallyPrecedes(right.prerelease) }
        return left.text < right.text
    }
}

extension Version: CustomStringConvertible {
    package var description: String { text.description }
}

/// A number of any length, as its digits without leading zeros.
private struct DecimalNumber: Hashable, Comparable {
    static let zero = DecimalNumber(digits: [])
    let digits: [UInt8]

    private init(digits: [UInt8]) {
        self.digits = digits
    }

    init?(_ text: ArraySlice<UInt8>) {
        guard !text.isEmpty, text.allSatisfy(\.isDigit) else { return nil }
        digits = Array(text.drop { $0 == UInt8(ascii: "0") })
    }

    static func < (left: Self, right: Self) -> Bool {
        left.digits.count == right.digits.count
            ? left.digits.lexicographicallyPrecedes(right.digits) : left.digits.count < right.digits.count
    }
}

private enum PrereleaseWord: Hashable, Comparable {
    // The order of the cases is the order of the words: numbers come first.
    case number(DecimalNumber)
    case word(ByteString)

    init(_ text: ArraySlice<UInt8>) {
        self = DecimalNumber(text).map { .number($0) } ?? .word(ByteString(Array(text)))
    }
}
