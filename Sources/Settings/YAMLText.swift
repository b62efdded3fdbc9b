internal import CYAML
import Primitives

/// A value in a YAML text.
struct YAMLNode {
    enum Content {
        /// Plain: written without quotes.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content
    /// Where it begins, counted from 1.
    let line: Int
}

/// Reads one YAML document through libyaml's events.
///
/// Anchors, aliases and tags are refused where they stand: nested aliases grow without bound, tags change what a text
/// means, and nobody needs them in a settings file.
final class YAMLText {
    private static let maximumDepth = 32

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let file: String

    /// The root of a text in UTF-8; nil when it holds nothing. `file` is for messages.
    static func compose(_ bytes: [UInt8], file: String) throws(SettingsFault) -> YAMLNode? {
        let text = try YAMLText(file: file)
        // libyaml reads from the buffer for as long as it parses.
        return try bytes.withUnsafeBufferPointer { (buffer) throws(SettingsFault) -> YAMLNode? in
            yaml_parser_set_input_string(text.parser, buffer.baseAddress, buffer.count)
            return try text.document()
        }
    }

    private init(file: String) throws(SettingsFault) {
        self.file = file
        parser = .allocate(capacity: 1)
        // However it ends: a parser that did not start is empty, and `deinit` takes it too.
        guard yaml_parser_initialize(parser) == 1 else {
            throw SettingsFault(.invalid, found: "no memory", at: file)
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    // MARK: the tree

    private func document() throws(SettingsFault) -> YAMLNode? {
        var event = try next()
        while case .begin = event.kind { event = try next() }
        guard let root = try node(event, depth: 0) else { return nil }
        repeat {
            event = try next()
            guard case .end = event.kind else { throw fault(event.line, found: "a second YAML document") }
        } while !event.isLast
        return root
    }

    /// The value that begins with `event`; nil when it is the end of a list, a mapping or the text.
    private func node(_ event: Event, depth: Int) throws(SettingsFault) -> YAMLNode? {
        guard depth <= Self.maximumDepth else {
            throw fault(event.line, expected: "at most \(Self.maximumDepth) lists or mappings in each other")
        }
        switch event.kind {
        case .begin, .end: return nil
        case .scalar(let text, let isPlain):
            return YAMLNode(content: .scalar(text, isPlain: isPlain), line: event.line)
        case .list:
            var elements: [YAMLNode] = []
            while let element = try node(try next(), depth: depth + 1) { elements.append(element) }
            return YAMLNode(content: .list(elements), line: event.line)
        case .mapping:
            return YAMLNode(content: .mapping(try members(depth: depth + 1)), line: event.line)
        }
    }

    private func members(depth: Int) throws(SettingsFault) -> [(key: YAMLNode, value: YAMLNode)] {
        var members: [(key: YAMLNode, value: YAMLNode)] = []
        var names: Set<String> = []
        while let key = try node(try next(), depth: depth) {
            if case .scalar(let name, _) = key.content, !names.insert(name).inserted {
                throw fault(key.line, found: "\(name) twice")
            }
            // libyaml gives every key a value, if only an empty one.
            guard let value = try node(try next(), depth: depth) else { break }
            members.append((key, value))
        }
        return members
    }

    // MARK: events

    private struct Event {
        enum Kind {
            /// Of the stream or the document.
            case begin
            case scalar(String, isPlain: Bool)
            case list
            case mapping
            /// Of a list, a mapping, the document or the stream.
            case end
        }

        let kind: Kind
        let line: Int
        /// Nothing comes after it.
        let isLast: Bool
    }

    private func next() throws(SettingsFault) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let line = Int(event.start_mark.line) + 1
        return Event(kind: try kind(of: event, line), line: line, isLast: event.type == YAML_STREAM_END_EVENT)
    }

    private func kind(of event: yaml_event_t, _ line: Int) throws(SettingsFault) -> Event.Kind {
        switch event.type {
        case YAML_ALIAS_EVENT:
            throw fault(line, anchor: event.data.alias.anchor, sign: "*")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try checkPlainness(scalar.anchor, scalar.tag, line)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            try checkPlainness(event.data.sequence_start.anchor, event.data.sequence_start.tag, line)
            return .list
        case YAML_MAPPING_START_EVENT:
            try checkPlainness(event.data.mapping_start.anchor, event.data.mapping_start.tag, line)
            return .mapping
        case YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT: return .begin
        default: return .end
        }
    }

    private typealias CText = UnsafeMutablePointer<yaml_char_t>

    private func checkPlainness(_ anchor: CText?, _ tag: CText?, _ line: Int) throws(SettingsFault) {
        if anchor != nil { throw fault(line, anchor: anchor, sign: "&") }
        if let tag {
            throw fault(line, found: "\"\(String(cString: tag))\"", expected: "values without YAML tags")
        }
    }

    // MARK: faults

    private func fault(_ line: Int, anchor: CText?, sign: String) -> SettingsFault {
        let name = anchor.map { String(cString: $0) } ?? ""
        return fault(line, found: "\"\(sign)\(name)\"", expected: "values without YAML anchors and aliases")
    }

    private func fault(_ line: Int, found: String? = nil, expected: String? = nil) -> SettingsFault {
        SettingsFault(.invalid, found: found, expected: expected, at: "\(file) line \(line)")
    }

    /// What libyaml found, in our form.
    private func problem() -> SettingsFault {
        let found = parser.pointee.problem.map { String(cString: $0) } ?? "text that is not YAML"
        // A character that may not stand anywhere has no line.
        guard parser.pointee.error != YAML_READER_ERROR else { return SettingsFault(.invalid, found: found, at: file) }
        let line = Int(parser.pointee.problem_mark.line) + 1
        // Words that a fault says itself.
        for prefix in ["did not find expected ", "could not find expected "] where found.hasPrefix(prefix) {
            return fault(line, expected: String(found.dropFirst(prefix.count)))
        }
        let doubled = "found "
        return fault(line, found: found.hasPrefix(doubled) ? String(found.dropFirst(doubled.count)) : found)
    }
}
