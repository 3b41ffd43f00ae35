//! Maximum-weight assignment on a sparse set of edges.
//!
//! The dense solvers in use elsewhere fill a matrix of all rows and columns, with 0 where there is
//! no edge. An assignment may leave such pairs out, so only edges matter, and edges fall apart
//! into connected components: nearly always single edges, else a handful of buildings. Each
//! component is solved alone and exactly, by shortest augmenting paths on its own small matrix
//! (Crouse, "On implementing 2D rectangular assignment algorithms", 2016). The total weight is that
//! of the dense solution. Where several assignments have the same weight, which one comes out
//! depends only on the order of rows and columns.

/// A pair that may be assigned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub column: u32,
    /// What it is worth, at least 0.
    pub weight: f64,
}

/// Positions in `edges` of an assignment with the largest total weight, ascending. An edge of
/// weight 0 is taken where both its ends are free. `sizes` are the numbers of rows and columns; no
/// two edges may join the same row and column.
pub fn assign(edges: &[Edge], sizes: [usize; 2]) -> Vec<usize> {
    let mut degrees = sizes.map(|size| vec![0u32; size]);
    for edge in edges {
        degrees[0][edge.row as usize] += 1;
        degrees[1][edge.column as usize] += 1;
    }
    let is_alone =
        |edge: &Edge| degrees[0][edge.row as usize] == 1 && degrees[1][edge.column as usize] == 1;
    let mut chosen: Vec<usize> = (0..edges.len()).filter(|&k| is_alone(&edges[k])).collect();
    if chosen.len() < edges.len() {
        let rest: Vec<usize> = (0..edges.len()).filter(|&k| !is_alone(&edges[k])).collect();
        for component in components(edges, &rest, sizes) {
            solve(edges, &component, &mut chosen);
        }
        chosen.sort_unstable();
    }
    chosen
}

/// The given edges by connected component; components in the order of their first edges.
fn components(edges: &[Edge], members: &[usize], [rows, columns]: [usize; 2]) -> Vec<Vec<usize>> {
    let mut parent: Vec<u32> = (0..(rows + columns) as u32).collect();
    fn find(parent: &mut [u32], mut node: u32) -> u32 {
        while parent[node as usize] != node {
            parent[node as usize] = parent[parent[node as usize] as usize];
            node = parent[node as usize];
        }
        node
    }
    for &k in members {
        let row = find(&mut parent, edges[k].row);
        let column = find(&mut parent, rows as u32 + edges[k].column);
        parent[row.max(column) as usize] = row.min(column);
    }
    const NONE: u32 = u32::MAX;
    let mut place = vec![NONE; rows + columns];
    let mut out: Vec<Vec<usize>> = Vec::new();
    for &k in members {
        let root = find(&mut parent, edges[k].row) as usize;
        if place[root] == NONE {
            place[root] = out.len() as u32;
            out.push(Vec::new());
        }
        out[place[root] as usize].push(k);
    }
    out
}

/// Solves one component and appends the chosen edges.
fn solve(edges: &[Edge], component: &[usize], chosen: &mut Vec<usize>) {
    let distinct = |of: fn(&Edge) -> u32| {
        let mut values: Vec<u32> = component.iter().map(|&k| of(&edges[k])).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let (rows, columns) = (distinct(|e| e.row), distinct(|e| e.column));
    // The solver wants at least as many columns as rows.
    let flipped = rows.len() > columns.len();
    let (height, width) = (rows.len().min(columns.len()), rows.len().max(columns.len()));
    let cell = |edge: &Edge| {
        // Both are found: the lists were made from these edges.
        let row = rows.partition_point(|&r| r < edge.row);
        let column = columns.partition_point(|&c| c < edge.column);
        if flipped { column * width + row } else { row * width + column }
    };
    let mut weights = vec![0.0; height * width];
    for &k in component {
        weights[cell(&edges[k])] = edges[k].weight;
    }
    let column_of = solve_dense(&weights, height, width);
    // A full assignment also joins rows and columns that share no edge: those stay free.
    let (won, worthless): (Vec<usize>, Vec<usize>) =
        component.iter().partition(|&&k| edges[k].weight > 0.0);
    let mut is_free = vec![true; height + width];
    for k in won {
        let (row, column) = (cell(&edges[k]) / width, cell(&edges[k]) % width);
        if column_of[row] == column {
            (is_free[row], is_free[height + column]) = (false, false);
            chosen.push(k);
        }
    }
    for k in worthless {
        let (row, column) = (cell(&edges[k]) / width, cell(&edges[k]) % width);
        if is_free[row] && is_free[height + column] {
            (is_free[row], is_free[height + column]) = (false, false);
            chosen.push(k);
        }
    }
}

/// The column of each row in a full assignment of largest weight; `height <= width`.
fn solve_dense(weights: &[f64], height: usize, width: usize) -> Vec<usize> {
    const FREE: usize = usize::MAX;
    let (mut u, mut v) = (vec![0.0; height], vec![0.0; width]);
    let mut row_of = vec![FREE; width];
    let mut column_of = vec![FREE; height];
    for start in 0..height {
        // Dijkstra over columns, with costs -weight reduced by the potentials u and v.
        let mut distance = vec![f64::INFINITY; width];
        let mut from = vec![FREE; width];
        let mut done = vec![false; width];
        let mut visited_rows = Vec::new();
        let (mut row, mut lowest) = (start, 0.0);
        let sink = loop {
            visited_rows.push(row);
            let mut next = FREE;
            for column in (0..width).filter(|&column| !done[column]) {
                let reduced = lowest - weights[row * width + column] - u[row] - v[column];
                if reduced < distance[column] {
                    distance[column] = reduced;
                    from[column] = row;
                }
                let better = next == FREE
                    || distance[column] < distance[next]
                    || distance[column] == distance[next]
                        && row_of[column] == FREE
                        && row_of[next] != FREE;
                if better {
                    next = column;
                }
            }
            lowest = distance[next];
            done[next] = true;
            if row_of[next] == FREE {
                break next;
            }
            row = row_of[next];
        };
        u[start] += lowest;
        for &row in &visited_rows[1..] {
            u[row] += lowest - distance[column_of[row]];
        }
        for column in (0..width).filter(|&column| done[column]) {
            v[column] -= lowest - distance[column];
        }
        let mut column = sink;
        loop {
            let row = from[column];
            row_of[column] = row;
            let previous = std::mem::replace(&mut column_of[row], column);
            if row == start {
                break;
            }
            column = previous;
        }
    }
    column_of
}
