/// The streams of a patch, in the order of their numbers: those that a tiny patch has come first. `bulk` is whole new
/// files that have nothing in common with anything.
enum PatchStream: Int, CaseIterable, Sendable {
    case plan, text, control, seeks, literals, gaps, values, references, layout, bulk

    /// Where the bytes of an edit's stream go.
    init(_ stream: EditStream) {
        self =
            switch stream {
            case .text: .text
            case .control: .control
            case .seeks: .seeks
            case .literals: .literals
            case .gaps: .gaps
            case .values: .values
            case .references: .references
            case .layout: .layout
            }
    }

    var name: String { "stream \(rawValue)" }
}
