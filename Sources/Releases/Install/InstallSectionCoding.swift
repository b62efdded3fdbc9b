import CanonicalJSON
import Primitives

extension InstallSection {
    /// Hooks of one release run at most this long, each.
    package static let hookSeconds = 1...86_400
    private static let limits = (arguments: 32, argumentBytes: 1000, services: 32, shared: 64)

    package var json: JSONObject {
        var object = JSONObject()
        if let pre { object["pre"] = .object(pre.json) }
        if let migration { object["migrate"] = .object(migration.json) }
        if let post { object["post"] = .object(post.json) }
        if let health { object["health"] = .object(health.json) }
        if !services.isEmpty { object["services"] = .array(services.map { .string($0.text) }) }
        if !shared.isEmpty { object["shared"] = .array(shared.map { .string($0) }) }
        if !tools.isEmpty { object["tools"] = .array(tools.map { .string($0) }) }
        return object
    }

    /// Reads the section. Throws `JSONFault` or `ReleaseFault` for anything that `json` would not write, and for a field
    /// that is not known: what is to be done on an instance must not be done in part.
    package init(_ object: JSONObject, at path: String = "install") throws {
        let reader = JSONReader(.object(object), at: path)
        pre = try reader.optionalField("pre").map { try Hook($0) }
        migration = try reader.optionalField("migrate").map { try Migration($0) }
        post = try reader.optionalField("post").map { try Hook($0) }
        health = try reader.optionalField("health").map { try HealthCheck($0) }
        services = try reader.optionalField("services")?.array().map { try ServiceName($0.string()) } ?? []
        shared = try reader.optionalField("shared")?.array().map { try $0.string() } ?? []
        tools = try reader.optionalField("tools")?.array().map { try $0.string() } ?? []
        try check()
        guard json == object else {
            let known = json
            let odd = object.members.first { known[$0.name] != $0.value }?.name ?? "a field"
            throw ReleaseFault(
                .invalidInstall, found: "\"\(odd)\" in another form, or with fields that are not known", at: path,
                hint: "this release may need a newer agent")
        }
    }

    /// Whatever is out of bounds, whichever way it came to be.
    package func check() throws(ReleaseFault) {
        for hook in hooks { try hook.check() }
        if let health { try health.check() }
        guard services.count <= Self.limits.services, Set(services).count == services.count else {
            throw Self.fault("\(services.count) services", "at most \(Self.limits.services), none of them twice")
        }
        guard shared.count <= Self.limits.shared else {
            throw Self.fault("\(shared.count) shared paths", "at most \(Self.limits.shared)")
        }
        for path in shared { try TreePathPolicy().check(path: path) }
        try checkTools()
        let sorted = shared.sorted()
        for (path, next) in zip(sorted, sorted.dropFirst()) where next.isAt(orBelow: path) {
            throw Self.fault(
                "the shared path \"\(next)\" inside another, or twice", "paths that do not touch each other")
        }
        for hook in hooks {
            let program = hook.run.first ?? ""
            if let place = shared.first(where: { program.isAt(orBelow: $0) }) {
                throw Self.fault("the hook \"\(program)\" in the shared path \"\(place)\"", "programs of the release")
            }
        }
    }

    package var hooks: [Hook] {
        var hooks = [pre, migration?.hook, post, health?.hook].compactMap(\.self)
        if case .undo(let undo)? = migration?.return { hooks.append(undo) }
        return hooks
    }

    static func fault(_ found: String, _ expected: String) -> ReleaseFault {
        ReleaseFault(.invalidInstall, found: found, expected: expected, at: "install")
    }

    fileprivate static func check(arguments: [ByteString]) throws(ReleaseFault) {
        guard (1...limits.arguments).contains(arguments.count), let program = arguments.first else {
            throw fault(
                "a hook with \(arguments.count) words", "a program and at most \(limits.arguments - 1) arguments")
        }
        try TreePathPolicy().check(path: program)
        for argument in arguments {
            guard argument.count <= limits.argumentBytes, !argument.bytes.contains(0) else {
                throw fault("an argument of \(argument.count) bytes", "at most \(limits.argumentBytes), without zeros")
            }
        }
    }
}

extension InstallSection.Hook {
    fileprivate var json: JSONObject {
        ["run": .array(run.map { .string($0) }), "seconds": .integer(Int64(seconds))]
    }

    fileprivate init(_ reader: JSONReader) throws {
        self.init(
            try reader.field("run").array().map { try $0.string() },
            seconds: try reader.field("seconds").integer(in: 1...86_400))
    }

    fileprivate func check() throws(ReleaseFault) {
        try InstallSection.check(arguments: run)
        guard InstallSection.hookSeconds.contains(seconds) else {
            throw InstallSection.fault("a hook that may take \(seconds) seconds", "1 to 86400")
        }
    }
}

extension InstallSection.Migration {
    fileprivate var json: JSONObject {
        var object = hook.json
        switch `return` {
        case .compatible: object["return"] = "compatible"
        case .none: object["return"] = "none"
        case .undo(let hook): object["undo"] = .object(hook.json)
        }
        return object
    }

    fileprivate init(_ reader: JSONReader) throws {
        let hook = try InstallSection.Hook(reader)
        if let undo = try reader.optionalField("undo") {
            self.init(hook, return: .undo(try InstallSection.Hook(undo)))
            return
        }
        let word = try reader.field("return")
        switch try word.string() {
        case "compatible": self.init(hook, return: .compatible)
        case "none": self.init(hook, return: .none)
        default: throw word.invalid(expected: "compatible or none, or undo in its place")
        }
    }
}

extension InstallSection.HealthCheck {
    fileprivate var json: JSONObject {
        var object = hook.json
        object["every"] = .integer(Int64(every))
        object["within"] = .integer(Int64(within))
        object["in_a_row"] = .integer(Int64(inARow))
        return object
    }

    fileprivate init(_ reader: JSONReader) throws {
        self.init(
            try InstallSection.Hook(reader), every: try reader.field("every").integer(in: 1...3600),
            within: try reader.field("within").integer(in: 1...86_400),
            inARow: try reader.field("in_a_row").integer(in: 1...100))
    }

    fileprivate func check() throws(ReleaseFault) {
        guard (1...3600).contains(every), (1...86_400).contains(within), (1...100).contains(inARow) else {
            throw InstallSection.fault(
                "a health check every \(every) seconds within \(within), \(inARow) in a row",
                "every 1 to 3600, within 1 to 86400, 1 to 100 in a row")
        }
    }
}
