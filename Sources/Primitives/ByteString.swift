/// Text from the wire, as the bytes it came in: compared, hashed and ordered byte by byte.
///
/// `String` compares by canonical equivalence, so two different names in a signed file could be "equal". Nothing that
/// decides anything is a `String`; `description` is for people only.
package struct ByteString: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(_ text: some StringProtocol) {
        bytes = Array(text.utf8)
    }

    package var isEmpty: Bool { bytes.isEmpty }
    package var count: Int { bytes.count }
}

extension ByteString: Comparable {
    package static func < (left: ByteString, right: ByteString) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension ByteString: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension ByteString: CustomStringConvertible {
    /// Printable form. Control characters and bidirectional overrides are escaped, so that a hostile name cannot repaint
    /// an administrator's terminal or hide its ending.
    package var description: String { String(decoding: bytes, as: UTF8.self).escapingUnprintable() }
}

extension String {
    /// The text with everything a terminal would act on written as `\u{…}`.
    package func escapingUnprintable() -> String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
