import Primitives

extension JSONValue {
    /// The canonical form that signatures cover: OLPC canonical JSON, as TUF 4.1 uses it. Only `"` and `\` are escaped,
    /// so a newline in a PEM key stands raw and the result is *not* always valid JSON.
    package var canonicalEncoding: [UInt8] {
        var output: [UInt8] = []
        JSONWriter(escapesControls: false, indent: nil).write(self, depth: 0, to: &output)
        return output
    }

    /// Valid JSON for files and for people: indented by one space, names in byte order, ending in a newline.
    package var fileEncoding: [UInt8] {
        var output: [UInt8] = []
        JSONWriter(escapesControls: true, indent: 1).write(self, depth: 0, to: &output)
        output.append(UInt8(ascii: "\n"))
        return output
    }

    /// Valid JSON on one line, without a final newline.
    package var lineEncoding: [UInt8] {
        var output: [UInt8] = []
        JSONWriter(escapesControls: true, indent: nil).write(self, depth: 0, to: &output)
        return output
    }
}

private struct JSONWriter {
    let escapesControls: Bool
    let indent: Int?

    func write(_ value: JSONValue, depth: Int, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .string(let value): write(value, to: &output)
        case .array(let elements):
            writeList(elements, open: "[", close: "]", depth: depth, to: &output) { element, output in
                write(element, depth: depth + 1, to: &output)
            }
        case .object(let object):
            writeList(object.members, open: "{", close: "}", depth: depth, to: &output) { member, output in
                write(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                if indent != nil { output.append(UInt8(ascii: " ")) }
                write(member.value, depth: depth + 1, to: &output)
            }
        }
    }

    private func writeList<Element>(
        _ elements: [Element], open: Unicode.Scalar, close: Unicode.Scalar, depth: Int, to output: inout [UInt8],
        _ writeElement: (Element, inout [UInt8]) -> Void
    ) {
        output.append(UInt8(ascii: open))
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            breakLine(depth: depth + 1, to: &output)
            writeElement(element, &output)
        }
        if !elements.isEmpty { breakLine(depth: depth, to: &output) }
        output.append(UInt8(ascii: close))
    }

    private func breakLine(depth: Int, to output: inout [UInt8]) {
        guard let indent else { return }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * depth))
    }

    private func write(_ text: ByteString, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        defer { output.append(UInt8(ascii: "\"")) }
        guard text.bytes.contains(where: needsEscape) else { return output.append(contentsOf: text.bytes) }
        for byte in text.bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0..<0x20 where escapesControls:
                output.append(contentsOf: "\\u00".utf8)
                output.append(contentsOf: Hex.encode([byte]).utf8)
            default:
                output.append(byte)
            }
        }
    }

    private func needsEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || (escapesControls && byte < 0x20)
    }
}
