/// What somebody may have meant by a word that nobody knows.
enum Spelling {
    /// Longer words are no slip of the pen.
    private static let longest = 64

    /// The known word that takes the fewest changes of a letter, at most two and less than a half of its letters; capitals
    /// and `-` for `_` are no change. Nil when there is none, or two are equally near.
    static func nearest(to word: String, in known: [String]) -> String? {
        guard word.count <= longest else { return nil }
        let typed = plain(word)
        let near = known.map { (word: $0, distance: distance(typed, plain($0))) }
            .filter { $0.distance <= 2 && $0.distance * 2 < max($0.word.count, 2) }
        guard let least = near.map(\.distance).min() else { return nil }
        let nearest = near.filter { $0.distance == least }
        return nearest.count == 1 ? nearest.first?.word : nil
    }

    private static func plain(_ word: String) -> [Character] {
        word.lowercased().map { $0 == "-" ? "_" : $0 }
    }

    /// Letters put in, left out or changed, and neighbours that changed places (Damerau and Levenshtein).
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var (before, last) = ([Int](), Array(0...right.count))
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(
                    last[column] + (letter == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    least = min(least, before[column - 1] + 1)
                }
                current.append(least)
            }
            (before, last) = (last, current)
        }
        return last.last ?? 0
    }
}
